import parsePhoneNumber from "libphonenumber-js/mobile";
import { hearsNothing, presentScopes } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import type { Page } from "../../core/page.ts";
import { purgeAtOf, type Subscriber, type WebhookSubscriber } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { webhookSecret } from "../../core/webhook-signature.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import type { ManageDeps } from "../call.ts";

/**
 * Statuspage's subscriber, with its state, which Statuspage shows by the list it is in. No token, hash or secret.
 * `hears_nothing`: everything that they chose has been deleted.
 */
export function presentSubscriber(subscriber: Subscriber, page: Page, catalog: Catalog) {
  const time = (instant: number | null) => (instant === null ? null : isoInZone(instant, page.timeZone));
  const { quarantinedAt } = subscriber;
  return {
    id: subscriber.id,
    mode: subscriber.channel,
    state: subscriber.state,
    ...contactFields(subscriber),
    skip_confirmation_notification: false,
    obfuscated_channel_name: null,
    workspace_name: null,
    quarantined_at: time(quarantinedAt),
    quarantine_reason: subscriber.state === "quarantined" ? (subscriber.quarantineReason ?? null) : null,
    purge_at: time(subscriber.state === "quarantined" ? purgeAtOf(subscriber) : null),
    components: presentScopes(subscriber.scopes, catalog).components,
    hears_nothing: hearsNothing(subscriber.scopes, catalog),
    minimum_impact: subscriber.preferences.minimumImpact,
    ...(subscriber.channel === "webhook" ? { format: subscriber.format, statuses: subscriber.statuses } : {}),
    page_access_user_id: null,
    created_at: time(subscriber.createdAt),
  };
}

const NO_CONTACT = { email: null, endpoint: null, phone_number: null, phone_country: null, display_phone_number: null };

function contactFields(subscriber: Subscriber) {
  switch (subscriber.channel) {
    case "email":
      return { ...NO_CONTACT, email: subscriber.email };
    case "webhook":
      return { ...NO_CONTACT, email: subscriber.contactEmail, endpoint: subscriber.endpoint };
    case "sms":
      return {
        ...NO_CONTACT,
        phone_number: subscriber.phone,
        phone_country: subscriber.country,
        display_phone_number: parsePhoneNumber(subscriber.phone)?.formatInternational() ?? subscriber.phone,
      };
    default:
      return unreachable(subscriber);
  }
}

export async function showSubscriber(deps: ManageDeps, subscriber: Subscriber, page: Page) {
  return presentSubscriber(subscriber, page, await deps.status.getCatalog(page.id));
}

/** The answer to a creation: the one time that a webhook's signing secret is shown. */
export async function presentNewSubscriber(deps: ManageDeps, subscriber: Subscriber, page: Page) {
  const shown = await showSubscriber(deps, subscriber, page);
  if (subscriber.channel !== "webhook") return shown;
  return { ...shown, signing_secret: await signingSecret(deps, subscriber) };
}

async function signingSecret(deps: ManageDeps, subscriber: WebhookSubscriber): Promise<string> {
  const master = await deps.access.currentSigningKey(subscriber.pageId);
  return webhookSecret(master, subscriber.pageId, subscriber.id, subscriber.secretVersion);
}

/** The field that holds an address. */
export function fieldOf(subscriber: Subscriber): string {
  switch (subscriber.channel) {
    case "email":
      return "email";
    case "sms":
      return "phone_number";
    case "webhook":
      return "endpoint";
  }
}
