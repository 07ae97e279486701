import { LOCALES, type Locale } from "../core/locale.ts";
import { splice } from "../core/rendering.ts";
import { smsSize } from "../core/sms-size.ts";
import { CHAT_FORMATS } from "../core/subscriber.ts";
import { composeUpdateChat } from "../templates/chat/update-chat.ts";
import { composeUpdateEmail, readUpdateEmail } from "../templates/email/update-email.tsx";
import { composeUpdateSms, updateSmsText } from "../templates/sms/update-sms.ts";
import { composeUpdateTopicJson, composeUpdateWebhook } from "../templates/statuspage/update-webhook.ts";
import type { UpdateSource } from "../templates/update-source.ts";
import type { UpdateTexts } from "./preview.ts";
import type { RenderedText, RenderedUpdate, RenderSource } from "./sources.ts";

export interface RenderSettings {
  pageUrl: string;
  subscriptionsUrl: string;
}

/** Renders every text of an update once: all attempts send the same bytes. */
export async function renderUpdate(source: RenderSource, settings: RenderSettings): Promise<RenderedUpdate> {
  const webhook = { ...siteSource(source, settings), generatedAt: source.now };
  const forPeople = await Promise.all(LOCALES.map((locale) => textsIn(locale, source, settings)));
  return {
    texts: [...forPeople.flat(), { format: "webhook", locale: null, rendering: composeUpdateWebhook(webhook) }],
    topic: composeUpdateTopicJson(webhook),
  };
}

async function textsIn(locale: Locale, source: RenderSource, settings: RenderSettings): Promise<RenderedText[]> {
  const shared = siteSource({ ...source, page: { ...source.page, locale } }, settings);
  return [
    { format: "email", locale, rendering: await composeUpdateEmail(shared) },
    { format: "sms", locale, rendering: composeUpdateSms(shared) },
    ...CHAT_FORMATS.map((format) => ({ format, locale, rendering: composeUpdateChat(format, shared) })),
  ];
}

function siteSource(source: RenderSource, { pageUrl, subscriptionsUrl }: RenderSettings): UpdateSource {
  return { ...source, site: { pageUrl, subscriptionsUrl } };
}

function segmentsIn(locale: Locale, source: UpdateSource): number {
  return smsSize(updateSmsText({ ...source, page: { ...source.page, locale } })).segments;
}

/** Stands in for what differs from recipient to recipient. */
const EXAMPLE = { sender: "status@example.com", address: "reader@example.com", unsubscribe_token: "..." } as const;

/**
 * The texts of `renderUpdate` in the page's language, as one recipient would get them: people read these before they
 * are sent.
 */
export async function readableTexts(source: RenderSource, settings: RenderSettings): Promise<UpdateTexts> {
  const { locale } = source.page;
  const shared = siteSource(source, settings);
  const [email, mail] = await Promise.all([
    composeUpdateEmail(shared),
    readUpdateEmail(shared, `${settings.subscriptionsUrl}/unsubscribe/${EXAMPLE.unsubscribe_token}`),
  ]);
  const sms = splice(composeUpdateSms(shared), EXAMPLE);
  const chat = (format: (typeof CHAT_FORMATS)[number]): unknown =>
    JSON.parse(splice(composeUpdateChat(format, shared), EXAMPLE));
  return {
    locale,
    email: { ...mail, bytes: splice(email, EXAMPLE).length },
    sms: { text: sms, ...smsSize(sms) },
    smsSegments: LOCALES.reduce((most, each) => Math.max(most, segmentsIn(each, shared)), 1),
    webhook: JSON.parse(splice(composeUpdateWebhook({ ...shared, generatedAt: source.now }), EXAMPLE)),
    chats: { slack: chat("slack"), discord: chat("discord"), teams: chat("teams") },
  };
}
