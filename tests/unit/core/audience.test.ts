import { describe, expect, it } from "vitest";
import { AUDIENCE_GRACE_MS, audienceAsOf, isToBeSent } from "../../../functions/core/audience.ts";
import { type UpdateStatus, updateStatusSchema } from "../../../functions/core/incident.ts";
import type { Scopes, Subscriber } from "../../../functions/core/subscriber.ts";

const COMMITTED = 1_000_000;
const AS_OF = audienceAsOf(COMMITTED);
const [INCIDENT, API, MAIL] = ["incident0001", "component001", "component002"];
const PAGE_SCOPE: Scopes = { page: true, components: [], incidents: [] };

const common = {
  pageId: "page00000001",
  id: "subscriber01",
  state: "active" as const,
  scopes: PAGE_SCOPE,
  locale: "en" as const,
  createdAt: 0,
  updatedAt: 0,
  confirmedAt: 0,
  quarantinedAt: null,
  unsubscribedAt: null,
  confirmTokenHash: null,
};
type Changes = Partial<Pick<Subscriber, "state" | "scopes" | "confirmedAt">>;
const byEmail = (changes: Changes = {}): Subscriber => ({
  ...common,
  ...changes,
  channel: "email",
  email: "ada@example.com",
});
const bySms = (allUpdates: boolean): Subscriber => ({
  ...common,
  channel: "sms",
  phone: "+4915112345678",
  country: "DE",
  allUpdates,
});
const update = (changes: Partial<Parameters<typeof isToBeSent>[0]> = {}) => ({
  incidentId: INCIDENT,
  status: "identified" as UpdateStatus,
  opens: false,
  componentIdsSoFar: [API],
  deliverNotifications: true,
  ...changes,
});

describe("isToBeSent", () => {
  it("tells active subscribers of the page", () => {
    expect(isToBeSent(update(), byEmail(), AS_OF)).toBe(true);
  });

  it("tells nobody of a silent update", () => {
    expect(isToBeSent(update({ deliverNotifications: false }), byEmail(), AS_OF)).toBe(false);
  });

  it.each(["unconfirmed", "quarantined", "unsubscribed"] as const)("never tells somebody %s", (state) => {
    expect(isToBeSent(update(), byEmail({ state }), AS_OF)).toBe(false);
  });

  it("tells those who confirmed until shortly after the commit", () => {
    expect(isToBeSent(update(), byEmail({ confirmedAt: COMMITTED + AUDIENCE_GRACE_MS }), AS_OF)).toBe(true);
    expect(isToBeSent(update(), byEmail({ confirmedAt: COMMITTED + AUDIENCE_GRACE_MS + 1 }), AS_OF)).toBe(false);
    expect(isToBeSent(update(), byEmail({ confirmedAt: null }), AS_OF)).toBe(false);
  });

  it.each<{ scopes: Partial<Scopes>; told: boolean }>([
    { scopes: {}, told: false },
    { scopes: { components: [API] }, told: true },
    { scopes: { components: [MAIL, API] }, told: true },
    { scopes: { components: [MAIL] }, told: false },
    { scopes: { incidents: [INCIDENT] }, told: true },
    { scopes: { incidents: ["incident0002"] }, told: false },
    { scopes: { page: true, components: [MAIL] }, told: true },
    { scopes: { components: [MAIL], incidents: [INCIDENT] }, told: true },
  ])("with scopes $scopes: $told", ({ scopes, told }) => {
    const subscriber = byEmail({ scopes: { page: false, components: [], incidents: [], ...scopes } });
    expect(isToBeSent(update(), subscriber, AS_OF)).toBe(told);
  });

  it.each(updateStatusSchema.options)(
    "sends an SMS of a later update only when something begins or ends (%s)",
    (status) => {
      const worth = ["resolved", "completed", "in_progress"].includes(status);
      expect(isToBeSent(update({ status }), bySms(false), AS_OF)).toBe(worth);
      expect(isToBeSent(update({ status, opens: true }), bySms(false), AS_OF)).toBe(true);
      expect(isToBeSent(update({ status }), bySms(true), AS_OF)).toBe(true);
      expect(isToBeSent(update({ status }), byEmail(), AS_OF)).toBe(true);
    },
  );
});
