import { describe, expect, it } from "vitest";
import type { Update } from "../../../functions/core/incident.ts";
import { supersededBy } from "../../../functions/core/order.ts";
import { ALL_UPDATES, FIRST_AND_LAST, type Subscriber } from "../../../functions/core/subscriber.ts";

const update = (seq: number, changes: Partial<Update> = {}): Update => ({
  pageId: "page00000000",
  incidentId: "incident0000",
  id: `update${String(seq).padStart(6, "0")}`,
  seq,
  status: "monitoring",
  body: "",
  affectedComponents: null,
  deliverNotifications: true,
  createdAt: 1_000 * seq,
  updatedAt: 1_000 * seq,
  displayAt: 1_000 * seq,
  opens: seq === 1,
  componentIdsSoFar: ["component000"],
  impactSoFar: "minor",
  incidentName: "Outage",
  ...changes,
});
const common = {
  pageId: "page00000000",
  id: "subscriber00",
  state: "active",
  scopes: { page: true, components: [], incidents: [] },
  preferences: ALL_UPDATES,
  locale: "en",
  pausedAt: null,
  createdAt: 0,
  updatedAt: 0,
  confirmedAt: 0,
  quarantinedAt: null,
  unsubscribedAt: null,
  confirmTokenHash: null,
} as const;
const email: Subscriber = {
  ...common,
  scopes: { page: true, components: [], incidents: [] },
  channel: "email",
  email: "a@b.example",
};
const sms: Subscriber = {
  ...email,
  channel: "sms",
  phone: "+4915112345678",
  country: "DE",
  preferences: FIRST_AND_LAST,
};
const webhook: Subscriber = {
  ...email,
  channel: "webhook",
  endpoint: "https://x.example",
  contactEmail: null,
  format: "statuspage",
  statuses: null,
  secretVersion: 1,
};

describe("supersededBy", () => {
  it("lets the newest committed update win for email", () => {
    const later = [2, 3].map((seq) => ({ update: update(seq), started: false }));
    expect(supersededBy(email, later)?.seq).toBe(3);
  });

  it("gives a webhook every update, unless a later one has begun", () => {
    expect(supersededBy(webhook, [{ update: update(2), started: false }])).toBeNull();
    expect(supersededBy(webhook, [{ update: update(2), started: true }])?.seq).toBe(2);
  });

  it("never lets an update win that the subscriber is not to be sent", () => {
    expect(supersededBy(sms, [{ update: update(2), started: true }])).toBeNull();
    expect(supersededBy(sms, [{ update: update(2, { status: "resolved" }), started: false }])?.seq).toBe(2);
    expect(supersededBy(email, [{ update: update(2, { deliverNotifications: false }), started: true }])).toBeNull();
  });
});
