import { describe, expect, it } from "vitest";
import {
  AUDIENCE_GRACE_MS,
  audienceAsOf,
  isToBeSent,
  type ToldChange,
  type ToldUpdate,
} from "../../../functions/core/audience.ts";
import { type Impact, type UpdateStatus, updateStatusSchema } from "../../../functions/core/incident.ts";
import {
  ALL_UPDATES,
  FIRST_AND_LAST,
  type Preferences,
  type Scopes,
  type Subscriber,
  type WebhookSubscriber,
} from "../../../functions/core/subscriber.ts";

const COMMITTED = 1_000_000;
const AS_OF = audienceAsOf(COMMITTED);
const [INCIDENT, API, MAIL] = ["incident0001", "component001", "component002"];
const PAGE_SCOPE: Scopes = { page: true, components: [], incidents: [] };

const common = {
  pageId: "page00000001",
  id: "subscriber01",
  state: "active" as const,
  scopes: PAGE_SCOPE,
  preferences: ALL_UPDATES,
  locale: "en" as const,
  pausedAt: null,
  createdAt: 0,
  updatedAt: 0,
  confirmedAt: 0,
  quarantinedAt: null,
  unsubscribedAt: null,
  confirmTokenHash: null,
};
type Changes = Partial<Pick<Subscriber, "state" | "scopes" | "confirmedAt" | "pausedAt" | "preferences">>;
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
  preferences: allUpdates ? ALL_UPDATES : FIRST_AND_LAST,
});
const update = (changes: Partial<ToldUpdate> = {}): ToldUpdate => ({
  incidentId: INCIDENT,
  status: "identified" as UpdateStatus,
  opens: false,
  componentIdsSoFar: [API],
  impactSoFar: "minor" as Impact,
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

  describe("preferences", () => {
    const wants = (preferences: Partial<Preferences>, changes: Changes = {}) =>
      byEmail({ ...changes, preferences: { ...ALL_UPDATES, ...preferences } });
    const tells = (changes: Parameters<typeof update>[0], subscriber: Subscriber) =>
      isToBeSent(update(changes), subscriber, AS_OF);

    it("tells nothing to somebody who paused", () => {
      expect(isToBeSent(update(), byEmail({ pausedAt: 1 }), AS_OF)).toBe(false);
    });

    it("goes by the highest impact so far, so an audience only grows", () => {
      const major = wants({ minimumImpact: "major" });
      expect(tells({ impactSoFar: "minor" }, major)).toBe(false);
      expect(tells({ impactSoFar: "major" }, major)).toBe(true);
      expect(tells({ impactSoFar: "maintenance" }, wants({ minimumImpact: "minor" }))).toBe(false);
    });

    const scoped = { scopes: { page: false, components: [MAIL], incidents: [] } };
    it.each<[string, Partial<ToldUpdate>, Changes, boolean]>([
      ["the opening", { opens: true, before: null }, {}, true],
      ["what follows", { before: { componentIds: [API], impact: "minor" } }, {}, false],
      ["what follows, of old items", {}, {}, false],
      ["the end", { status: "resolved", before: { componentIds: [API], impact: "minor" } }, {}, true],
      [
        "an incident grown into their components",
        { componentIdsSoFar: [API, MAIL], before: { componentIds: [API], impact: "minor" } },
        scoped,
        true,
      ],
      [
        "what follows that",
        { componentIdsSoFar: [API, MAIL], before: { componentIds: [API, MAIL], impact: "minor" } },
        scoped,
        false,
      ],
    ])("first and last: %s", (_what, changes, more, told) => {
      expect(tells(changes, wants({ updates: "first and last" }, more))).toBe(told);
    });

    it("first and last of major incidents: the update that makes it major is the first", () => {
      const both = wants({ updates: "first and last", minimumImpact: "major" });
      expect(tells({ impactSoFar: "major", before: { componentIds: [API], impact: "minor" } }, both)).toBe(true);
      expect(tells({ impactSoFar: "major", before: { componentIds: [API], impact: "major" } }, both)).toBe(false);
    });

    it("posts to an endpoint only the statuses that it asked for", () => {
      const hook: Subscriber = {
        ...common,
        channel: "webhook",
        endpoint: "https://hooks.example/1",
        contactEmail: null,
        format: "statuspage",
        statuses: ["investigating", "resolved"],
        secretVersion: 1,
      };
      expect(tells({ status: "investigating" }, hook)).toBe(true);
      expect(tells({ status: "identified" }, hook)).toBe(false);
    });
  });
});

describe("isToBeSent of a component's change without an incident", () => {
  const change: ToldChange = { kind: "component change", componentId: API };
  const byWebhook = (changes: Changes & { statuses?: UpdateStatus[] } = {}): WebhookSubscriber => ({
    ...common,
    statuses: null,
    ...changes,
    channel: "webhook",
    endpoint: "https://hooks.example/1",
    contactEmail: null,
    format: "statuspage",
    secretVersion: 1,
  });

  it("is never sent by email or SMS", () => {
    expect(isToBeSent(change, byEmail(), AS_OF)).toBe(false);
    expect(isToBeSent(change, bySms(true), AS_OF)).toBe(false);
  });

  it.each<{ scopes: Partial<Scopes>; told: boolean }>([
    { scopes: { page: true }, told: true },
    { scopes: { components: [MAIL, API] }, told: true },
    { scopes: { components: [MAIL] }, told: false },
    { scopes: { incidents: [INCIDENT, API] }, told: false },
  ])("to a webhook with scopes $scopes: $told", ({ scopes, told }) => {
    const hook = byWebhook({ scopes: { page: false, components: [], incidents: [], ...scopes } });
    expect(isToBeSent(change, hook, AS_OF)).toBe(told);
  });

  it("is posted to chats too", () => {
    expect(isToBeSent(change, { ...byWebhook(), format: "slack" }, AS_OF)).toBe(true);
  });

  it("whatever the webhook chose among an incident's updates", () => {
    const choosy = { statuses: [], preferences: { updates: "first and last", minimumImpact: "critical" } } as const;
    expect(isToBeSent(change, byWebhook({ ...choosy, statuses: [...choosy.statuses] }), AS_OF)).toBe(true);
  });

  it.each<Changes>([{ state: "quarantined" }, { pausedAt: 1 }, { confirmedAt: AS_OF + 1 }])(
    "not to one with %j",
    (changes) => {
      expect(isToBeSent(change, byWebhook(changes), AS_OF)).toBe(false);
    },
  );
});
