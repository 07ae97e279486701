import { splice } from "../core/rendering.ts";
import { smsSize } from "../templates/gsm7.ts";
import { composeUpdateEmail, readUpdateEmail } from "../templates/update-email.tsx";
import { composeUpdateSms } from "../templates/update-sms.ts";
import { composeUpdateTopicJson, composeUpdateWebhook } from "../templates/update-webhook.ts";
import type { RenderedUpdate, RenderSource } from "./plan.ts";
import type { UpdateTexts } from "./preview.ts";

export interface RenderSettings {
  pageUrl: string;
  subscriptionsUrl: string;
  /** The address mails come from. */
  mailFrom: string;
}

/** Every text of an update, once: all attempts send the same bytes. */
export async function renderUpdate(source: RenderSource, settings: RenderSettings): Promise<RenderedUpdate> {
  const { pageUrl, subscriptionsUrl, mailFrom } = settings;
  const shared = { ...source, site: { pageUrl, subscriptionsUrl } };
  const webhook = { ...shared, generatedAt: source.now };
  return {
    email: await composeUpdateEmail({ ...shared, from: mailFrom }),
    sms: composeUpdateSms(shared),
    webhook: composeUpdateWebhook(webhook),
    topic: composeUpdateTopicJson(webhook),
  };
}

/** In place of what differs from recipient to recipient. */
const EXAMPLE = { address: "reader@example.com", unsubscribe_token: "..." } as const;

/** The texts of `renderUpdate` as one recipient would get them, for people to read before they are sent. */
export async function readableTexts(source: RenderSource, settings: RenderSettings): Promise<UpdateTexts> {
  const { pageUrl, subscriptionsUrl, mailFrom } = settings;
  const [rendered, mail] = await Promise.all([
    renderUpdate(source, settings),
    readUpdateEmail(
      { ...source, site: { pageUrl, subscriptionsUrl }, from: mailFrom },
      `${subscriptionsUrl}/unsubscribe/${EXAMPLE.unsubscribe_token}`,
    ),
  ]);
  const sms = splice(rendered.sms, EXAMPLE);
  return {
    email: { ...mail, bytes: splice(rendered.email, EXAMPLE).length },
    sms: { text: sms, ...smsSize(sms) },
    webhook: JSON.parse(splice(rendered.webhook, EXAMPLE)),
  };
}
