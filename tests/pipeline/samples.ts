import {
  ALL_UPDATES,
  type Channel,
  FIRST_AND_LAST,
  type Subscriber,
  type WebhookFormat,
} from "../../functions/core/subscriber.ts";

export const PAGE = "page00000000";

export type Changes = Partial<Pick<Subscriber, "scopes" | "state" | "confirmedAt" | "locale">>;

/** A subscriber of everything, who is active since `now`. */
export function sampleSubscriber(
  channel: Channel,
  { id, phone }: { id: string; phone: string },
  now: number,
  { changes, contactEmail, format }: { changes: Changes; contactEmail: string | null; format: WebhookFormat },
): Subscriber {
  const common = {
    pageId: PAGE,
    id,
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: now,
    updatedAt: now,
    confirmedAt: now,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
    ...changes,
  };
  switch (channel) {
    case "email":
      return { ...common, channel, email: `${common.id}@subscriber.example` };
    case "sms":
      return {
        ...common,
        channel,
        phone,
        country: "DE",
        preferences: FIRST_AND_LAST,
      };
    case "webhook":
      return {
        ...common,
        channel,
        endpoint: `https://hooks.example/${common.id}`,
        contactEmail,
        ...(contactEmail === null ? {} : { contactProvenAt: now }),
        format,
        statuses: null,
        secretVersion: 1,
      };
  }
}
