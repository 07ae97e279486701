import { composeUpdateEmail } from "../templates/update-email.tsx";
import { composeUpdateSms } from "../templates/update-sms.ts";
import { composeUpdateTopicJson, composeUpdateWebhook } from "../templates/update-webhook.ts";
import type { RenderedUpdate, RenderSource } from "./plan.ts";

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
