import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../functions/core/delivery.ts";
import type { Notice } from "../../../functions/core/notice.ts";
import { chunkOf, deliveryItem, deliveryOf } from "../../../functions/store/deliveries/ledger-items.ts";
import { noticeItem, noticeOf } from "../../../functions/store/deliveries/notice-item.ts";

/** Items as they were written before subjects had a kind. A deployment that is upgraded in place is full of them. */
const [pageId, subscriberId, changeId] = ["page00000001", "subscriber01", "change000001"];
const [INCIDENT, COMPONENT, PROBE] = ["incident0001", "component001", "probe0000001"];

const noticeAttributes = {
  pk: `PAGE#${pageId}#UPDATE#${changeId}`,
  sk: "NOTICE",
  openPk: "OPEN#1",
  openSk: `0001760000000#${changeId}`,
  pageId,
  updateId: changeId,
  seq: 7,
  state: "unplanned",
  committedAt: 1_760_000_000_000,
  plannedAt: null,
  plan: null,
  expiresAt: 1_767_776_000,
};
const change = { id: COMPONENT, name: "API", oldStatus: "operational", newStatus: "major_outage" };

describe("a notice that was stored before", () => {
  test("of an update is about its incident", () => {
    const notice = noticeOf({ ...noticeAttributes, kind: "update", incidentId: INCIDENT });
    expect(notice.subject).toEqual({ kind: "incident", id: INCIDENT });
  });

  test("of a component change is about the component", () => {
    const notice = noticeOf({ ...noticeAttributes, kind: "component change", incidentId: COMPONENT, change });
    expect(notice.subject).toEqual({ kind: "component", id: COMPONENT });
  });
});

const deliveryAttributes = {
  pk: `PAGE#${pageId}#SUBSCRIBER#${subscriberId}`,
  sk: `INCIDENT#${INCIDENT}#000001`,
  pageId,
  subscriberId,
  updateId: changeId,
  seq: 1,
  channel: "webhook",
  chunk: 0,
  state: "accepted",
  attempts: 1,
  unknownOutcomes: 0,
  providerId: null,
  reason: null,
  committedAt: 1_760_000_000_000,
  firstAttemptAt: 1_760_000_000_100,
  updatedAt: 1_760_000_000_200,
  nextAttemptAt: null,
  leaseUntil: null,
  expiresAt: 1_767_776_000,
};

test.each([
  [{ incidentId: INCIDENT }, { kind: "incident", id: INCIDENT }],
  [
    { incidentId: COMPONENT, kind: "component change" },
    { kind: "component", id: COMPONENT },
  ],
  [
    { incidentId: PROBE, probe: "challenge" },
    { kind: "endpoint", id: PROBE, probe: "challenge" },
  ],
])("a delivery that was stored before with %o says what it is about", (attributes, subject) => {
  expect(deliveryOf({ ...deliveryAttributes, ...attributes }).subject).toEqual(subject);
});

test("a chunk that was stored before is read, whatever it is of", () => {
  const { seq, channel, chunk } = deliveryAttributes;
  const key = { pageId, incidentId: COMPONENT, updateId: changeId, seq, channel, chunk, of: 2 };
  expect(chunkOf({ ...key, state: "queued", queuedAt: 1_760_000_000_000, resend: 1 })).toMatchObject({
    updateId: changeId,
    state: "queued",
    resend: 1,
  });
});

describe("the version before, while a deployment replaces its functions one by one,", () => {
  const known = (item: Record<string, unknown>) => ({
    incidentId: item.incidentId,
    kind: item.kind,
    probe: item.probe,
  });

  test.each<[Delivery["subject"], object]>([
    [{ kind: "incident", id: INCIDENT }, { incidentId: INCIDENT }],
    [
      { kind: "component", id: COMPONENT },
      { incidentId: COMPONENT, kind: "component change" },
    ],
    [
      { kind: "endpoint", id: PROBE, probe: "test" },
      { incidentId: PROBE, probe: "test" },
    ],
  ])("finds the attributes that it knows in a delivery about %o", (subject, attributes) => {
    const delivery = deliveryOf({ ...deliveryAttributes, incidentId: INCIDENT });
    expect(known(deliveryItem({ ...delivery, subject }))).toEqual({
      kind: undefined,
      probe: undefined,
      ...attributes,
    });
  });

  test("finds them in a notice", () => {
    const update: Notice = noticeOf({ ...noticeAttributes, kind: "update", incidentId: INCIDENT });
    expect(known(noticeItem(update))).toEqual({ incidentId: INCIDENT, kind: "update", probe: undefined });
  });
});
