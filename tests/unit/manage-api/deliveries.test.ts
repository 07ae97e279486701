import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ChunkKey } from "../../../functions/core/chunk.ts";
import { countDeliveries, type Delivery, isOpen } from "../../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../../functions/core/latency.ts";
import { otherReason } from "../../../functions/core/reason.ts";
import type { Channel } from "../../../functions/core/subscriber.ts";
import { manageWorld, PAGE, START } from "./manage-world.ts";

type World = Awaited<ReturnType<typeof manageWorld>>;

const listAnswer = z.object({
  deliveries: z.array(z.looseObject({ subscriber_id: z.string(), state: z.string() })),
  next_cursor: z.nullable(z.string()),
});

const DAY_MS = 24 * 60 * 60_000;

let world: World;
let incidentId: string;
let updateId: string;
let at: string;

beforeEach(async () => {
  world = await manageWorld();
  incidentId = await world.incident();
  updateId = (await world.status.listUpdates(PAGE.id, incidentId))[0]?.id ?? "";
  at = `/incidents/${incidentId}/incident_updates/${updateId}/deliveries`;
  world.tick(60_000);
});

const subscriberId = (number: number) => `subscriber${String(number).padStart(2, "0")}`;

function delivery(number: number, changes: Partial<Delivery> = {}): Delivery {
  return {
    pageId: PAGE.id,
    subscriberId: subscriberId(number),
    subject: { kind: "incident", id: incidentId },
    updateId,
    seq: 1,
    channel: "email",
    chunk: 0,
    state: "accepted",
    attempts: 1,
    unknownOutcomes: 0,
    providerId: "provider-1",
    reason: null,
    committedAt: START,
    firstAttemptAt: START + 200,
    updatedAt: START + 1_000,
    nextAttemptAt: null,
    leaseUntil: null,
    ...changes,
  };
}

/** A chunk that was sent, with these deliveries. */
async function sent(deliveries: readonly Delivery[], channel: Channel = "email", chunk = 0, of = 1): Promise<void> {
  const subject = { kind: "incident", id: incidentId } as const;
  const key: ChunkKey = { pageId: PAGE.id, subject, updateId, seq: 1, channel, chunk, of };
  const claim = await world.ledger.claimChunk(key, 0, START, START + 65_000);
  if (claim.outcome === "lost") throw new Error("lost");
  const { attempt } = claim.chunk;
  await world.ledger.recordDeliveries(deliveries.map((each) => ({ ...each, channel, chunk })));
  const accepted = deliveries.filter(({ state }) => state === "accepted").map(({ updatedAt }) => updatedAt);
  const progress = {
    counts: countDeliveries(deliveries),
    retrying: deliveries.filter(({ state }) => isOpen(state)).map((each) => each.subscriberId),
    histogram: accepted.reduce<Histogram>((sum, time) => addTo(sum, time - START), {}),
    slowestMs: Math.max(0, ...accepted.map((time) => time - START)),
    firstAcceptedAt: accepted.length === 0 ? null : Math.min(...accepted),
    lastAcceptedAt: accepted.length === 0 ? null : Math.max(...accepted),
  };
  await world.ledger.closeWindow(key, attempt, progress, null);
  await world.ledger.finishChunk(key, attempt);
}

async function planned(plan: Record<Channel, number>): Promise<void> {
  const notice = world.notices.get(updateId);
  if (notice === undefined) throw new Error("no notice");
  await world.ledger.markPlanned(notice, plan, START + 300);
}

async function list(path: string) {
  const reply = await world.get(path);
  expect(reply.status, reply.text).toBe(200);
  return listAnswer.parse(reply.json);
}

const countsOf = async () => (await world.ledger.listChunks(PAGE.id, updateId))[0]?.counts;

describe("the report", () => {
  test("tells states, times and throughput, and when it will be over", async () => {
    await planned({ email: 2, sms: 0, webhook: 0 });
    await world.access.saveRate("email", { perSecond: 10, leftToday: null }, START);
    const accepted = [1_000, 2_000, 3_000].map((ms, index) => delivery(index, { updatedAt: START + ms }));
    await sent([...accepted, delivery(4, { state: "failed", reason: otherReason("bounced") })], "email", 0, 2);
    expect(await world.get(at)).toMatchObject({
      status: 200,
      json: {
        state: "running",
        estimated_end_at: "2025-07-07T12:06:04.000+02:00",
        channels: {
          email: {
            audience: 4,
            accepted: 3,
            failed: 1,
            ambiguous: 0,
            max_ms: 3_000,
            accepted_per_second: 1,
            first_accepted_at: "2025-07-07T12:05:01.000+02:00",
            last_accepted_at: "2025-07-07T12:05:03.000+02:00",
            chunks: 2,
            chunks_done: 1,
            estimated_end_at: "2025-07-07T12:06:04.000+02:00",
          },
        },
      },
    });
    await sent([], "email", 1, 2);
    expect(await world.get(at)).toMatchObject({ json: { state: "complete", estimated_end_at: null } });
  });

  test("goes by the send rate before anything was accepted", async () => {
    await planned({ email: 2, sms: 0, webhook: 0 });
    await world.access.saveRate("email", { perSecond: 10, leftToday: null }, START);
    // Two chunks of fifty at ten a second.
    expect(await world.get(at)).toMatchObject({ json: { estimated_end_at: "2025-07-07T12:06:10.000+02:00" } });
  });
});

describe("the report while something is wrong with us", () => {
  const paused = async () => {
    const { json } = await world.get(at);
    const channel = z.object({ paused: z.nullable(z.string()) });
    const { channels } = z
      .object({ channels: z.object({ email: channel, sms: channel, webhook: channel }) })
      .parse(json);
    return [channels.email.paused, channels.sms.paused, channels.webhook.paused];
  };

  test("says what, on the channels that have something open, until it is over", async () => {
    await planned({ email: 2, sms: 0, webhook: 0 });
    await world.access.beginProblem("email", "sender identity not verified", START, START + 50_000);
    await world.access.beginProblem("sms", "not permitted", START, START + 50_000);
    // Nothing of this update is to go out by SMS.
    expect(await paused()).toEqual(["sender identity not verified", null, null]);
    expect(await world.get(at)).toMatchObject({ json: { state: "running", estimated_end_at: null } });
    await world.access.endProblem("email", START);
    expect(await paused()).toEqual([null, null, null]);
  });

  test("says so where some wait for it only, and of the quota", async () => {
    await planned({ email: 1, sms: 0, webhook: 0 });
    const waiting = {
      state: "retrying",
      reason: "paused: account in the sandbox",
      nextAttemptAt: START,
    } as const;
    await sent([delivery(1), delivery(2, waiting)]);
    expect(await paused()).toEqual(["account in the sandbox", null, null]);
    await world.access.saveRate("email", { perSecond: 10, leftToday: 0 }, START);
    expect(await paused()).toEqual(["daily quota used up", null, null]);
  });
});

describe("of an update of 200,000 chunks", () => {
  const CHUNKS = 200_000;
  let reads: number;

  beforeEach(async () => {
    await planned({ email: CHUNKS, sms: 0, webhook: 0 });
    reads = 0;
    const { listChunks, getChunks } = world.ledger;
    world.ledger.listChunks = async (pageId, id, channel) => {
      if (channel !== "sms" && channel !== "webhook") throw new Error("a read of 200,000 chunks");
      return listChunks(pageId, id, channel);
    };
    world.ledger.getChunks = async (refs) => {
      reads += refs.length;
      return getChunks(refs);
    };
    world.ledger.getSums = async (_pageId, _updateId, channel) =>
      Array.from({ length: 32 }, () => ({
        channel,
        chunksDone: CHUNKS / 32,
        counts: { ...countDeliveries([]), accepted: 49 * (CHUNKS / 32), open: CHUNKS / 32 },
        histogram: { "100": 49 * (CHUNKS / 32) },
        slowestMs: 60_000,
        firstAcceptedAt: START + 1_000,
        lastAcceptedAt: START + 60_000,
      }));
  });

  test("the report adds up 32 sums, and looks at a few chunks for what is open", async () => {
    expect(await world.get(at)).toMatchObject({
      json: {
        state: "running",
        channels: { email: { audience: 10_000_000, accepted: 9_800_000, open: 200_000, chunks_done: CHUNKS } },
      },
    });
    expect(reads).toBeLessThanOrEqual(100);
  });

  test("a page of open ones stops looking in time, and the next goes on there", async () => {
    await sent([delivery(9, { state: "retrying", nextAttemptAt: START + 90_000 })], "email", 1_700, CHUNKS);
    const { getChunks } = world.ledger;
    world.ledger.getChunks = async (refs) => {
      world.tick(4_000);
      return getChunks(refs);
    };
    const first = await list(`${at}/problems?state=open`);
    expect(first).toMatchObject({ deliveries: [], next_cursor: "email.1500." });
    const second = await list(`${at}/problems?state=open&cursor=${first.next_cursor}`);
    expect(second).toMatchObject({ deliveries: [{ subscriber_id: subscriberId(9) }], next_cursor: "email.3000." });
  });
});

describe("the list of problems", () => {
  beforeEach(() =>
    sent([
      delivery(1),
      delivery(2, { state: "failed", reason: otherReason("bounced") }),
      delivery(3, { state: "suppressed", reason: "unsubscribed", attempts: 0 }),
      delivery(4, { state: "failed", reason: otherReason("rejected") }),
      delivery(5, { state: "retrying", reason: otherReason("timeout"), nextAttemptAt: START + 90_000 }),
      delivery(6, { state: "superseded", reason: otherReason("update000002") }),
      delivery(7, { state: "retrying", reason: "throttled", nextAttemptAt: START + 99_000 }),
    ]),
  );

  test("names subscribers and reasons, no address, page by page", async () => {
    const first = await list(`${at}/problems?limit=2`);
    expect(first.deliveries).toMatchObject([
      { subscriber_id: subscriberId(2), state: "failed", reason: "bounced", attempts: 1, resent: null },
      { subscriber_id: subscriberId(4), state: "failed", reason: "rejected" },
    ]);
    const second = await list(`${at}/problems?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? "")}`);
    expect(second).toMatchObject({ deliveries: [{ state: "suppressed", reason: "unsubscribed" }], next_cursor: null });
  });

  test("may be of one state", async () => {
    const failed = await list(`${at}/problems?state=failed`);
    expect(failed.deliveries.map(({ subscriber_id }) => subscriber_id)).toEqual([subscriberId(2), subscriberId(4)]);
    expect((await list(`${at}/problems?state=ambiguous`)).deliveries).toEqual([]);
  });

  test("tells of the open ones when their next attempt is", async () => {
    const first = await list(`${at}/problems?state=open&limit=1`);
    expect(first).toMatchObject({
      deliveries: [{ subscriber_id: subscriberId(5), next_attempt_at: "2025-07-07T12:06:30.000+02:00" }],
      next_cursor: `email.0.${subscriberId(5)}`,
    });
    const second = await list(`${at}/problems?state=open&limit=1&cursor=${first.next_cursor}`);
    expect(second).toMatchObject({ deliveries: [{ subscriber_id: subscriberId(7) }], next_cursor: null });
  });

  test("goes on with the open ones of another chunk and channel", async () => {
    await planned({ email: 2, sms: 0, webhook: 1 });
    await sent([delivery(8, { state: "retrying", nextAttemptAt: START + 90_000 })], "email", 1, 2);
    await sent([delivery(1, { state: "retrying", nextAttemptAt: START + 90_000 })], "webhook", 0, 1);
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await list(`${at}/problems?state=open&limit=1${cursor}`);
      seen.push(...page.deliveries.map(({ subscriber_id }) => subscriber_id));
      cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
    } while (cursor !== "");
    expect(seen).toEqual([5, 7, 8, 1].map(subscriberId));
  });

  test("refuses a state and a cursor that do not exist", async () => {
    expect(await world.get(`${at}/problems?state=lost`)).toMatchObject({
      status: 422,
      json: { details: [{ field: "state" }] },
    });
    for (const cursor of ["nonsense", "suppressed%23abcdefghijkl"]) {
      expect(await world.get(`${at}/problems?state=failed&cursor=${cursor}`)).toMatchObject({
        status: 422,
        json: { details: [{ field: "cursor" }] },
      });
    }
    expect((await world.get(`${at.replace(updateId, "nosuchupdate")}/problems`)).status).toBe(404);
  });
});

describe("what one subscriber got", () => {
  test("is told newest first, whatever the incident, also after they were erased", async () => {
    await world.ledger.recordDeliveries([
      delivery(1, {
        subject: { kind: "incident", id: "incidentzzzz" },
        updateId: "updatezzzzzz",
        committedAt: START - 1_000,
      }),
      delivery(1, {
        subject: { kind: "incident", id: "incidentaaaa" },
        updateId: "updateaaaaaa",
        committedAt: START + 1_000,
      }),
      delivery(1, { state: "superseded", reason: otherReason("updateaaaaaa") }),
    ]);
    const path = `/subscribers/${subscriberId(1)}/deliveries`;
    const first = await list(`${path}?limit=2`);
    expect(first.deliveries).toMatchObject([
      { incident_update_id: "updateaaaaaa", state: "accepted", superseded_by: null },
      { incident_update_id: updateId, state: "superseded", reason: null, superseded_by: "updateaaaaaa" },
    ]);
    const rest = await list(`${path}?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? "")}`);
    expect(rest).toMatchObject({ deliveries: [{ incident_update_id: "updatezzzzzz" }], next_cursor: null });
    expect((await world.get(`${path}?cursor=x`)).status).toBe(422);
  });

  test("is an update of an incident, a change of a component or a try of the endpoint, and each says so", async () => {
    const component = await world.component("Signing");
    const change = { subject: { kind: "component", id: component }, updateId: "change000001" } as const;
    const test = {
      subject: { kind: "endpoint", id: "probe0000001", probe: "test" },
      updateId: "probe0000001",
    } as const;
    await world.ledger.recordDeliveries([
      delivery(1, { committedAt: START + 3 }),
      delivery(1, { ...change, channel: "webhook", seq: 7, committedAt: START + 2 }),
      delivery(1, { ...test, channel: "webhook", seq: 0, committedAt: START + 1 }),
    ]);
    const path = `/subscribers/${subscriberId(1)}/deliveries`;
    const { deliveries } = await list(path);
    expect(deliveries).toMatchObject([
      { kind: "update", incident_id: incidentId, incident_update_id: updateId, sequence: 1 },
      {
        kind: "component change",
        incident_id: null,
        incident_update_id: null,
        component_id: component,
        component_update_id: "change000001",
        component_name: "Signing",
        sequence: 7,
      },
      { kind: "test", incident_id: null, incident_update_id: null, sequence: null },
    ]);
    expect(deliveries[0]).not.toHaveProperty("component_id");
    expect(deliveries[2]).not.toHaveProperty("component_id");

    expect((await world.remove(`/components/${component}`)).status).toBe(204);
    expect((await list(path)).deliveries[1]).toMatchObject({ component_id: component, component_name: null });
  });

  test("is an empty list for one who got nothing, and 404 for nobody", async () => {
    const made = await world.post("/subscribers", { subscriber: { email: "reader@example.com" } });
    const { id } = z.object({ id: z.string() }).parse(made.json);
    expect(await list(`/subscribers/${id}/deliveries`)).toEqual({ deliveries: [], next_cursor: null });
    expect((await world.get("/subscribers/nosuchperson/deliveries")).status).toBe(404);
  });
});

describe("a resend", () => {
  test.each(["failed", "accepted", "superseded", "suppressed", "ambiguous"] as const)(
    "of a delivery that was %s makes it due, says so in the record, and queues it",
    async (state) => {
      await sent([delivery(1, { state, attempts: 2, unknownOutcomes: 2 }), delivery(2)]);
      const reply = await world.post(`${at}/${subscriberId(1)}/resend`, {});
      expect(reply).toMatchObject({
        status: 202,
        json: {
          state: "retrying",
          reason: "sent again by an operator",
          next_attempt_at: "2025-07-07T12:06:00.000+02:00",
          resent: { at: "2025-07-07T12:06:00.000+02:00", from: state },
        },
      });
      expect(world.queued).toEqual([
        {
          kind: "retry",
          pageId: PAGE.id,
          subject: { kind: "incident", id: incidentId },
          updateId,
          seq: 1,
          channel: "email",
          chunk: 0,
          subscriberId: subscriberId(1),
          attempts: 2,
          queuedAt: START + 60_000,
        },
      ]);
      const open = await world.ledger.getDeliveries(PAGE.id, { kind: "incident", id: incidentId }, 1, [
        subscriberId(1),
      ]);
      expect(open).toMatchObject([{ state: "retrying", unknownOutcomes: 0, resent: { from: state } }]);
      expect(await countsOf()).toMatchObject({ accepted: 1, open: 1, retried: 1, failed: 0, ambiguous: 0 });
    },
  );

  test("clicked twice is queued once", async () => {
    await sent([delivery(1, { state: "failed" })]);
    const replies = await Promise.all([1, 2].map(() => world.post(`${at}/${subscriberId(1)}/resend`, {})));
    expect(replies.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(world.queued).toHaveLength(1);
    expect(await countsOf()).toMatchObject({ failed: 0, open: 1 });
  });

  test("stands even if the queue takes nothing: sweep finds it", async () => {
    world = await manageWorld({ resends: { sendRetry: () => Promise.reject(new Error("queue down")) } });
    incidentId = await world.incident();
    updateId = (await world.status.listUpdates(PAGE.id, incidentId))[0]?.id ?? "";
    await sent([delivery(1, { state: "failed" })]);
    const path = `/incidents/${incidentId}/incident_updates/${updateId}/deliveries/${subscriberId(1)}/resend`;
    expect((await world.post(path, {})).status).toBe(202);
    expect(await world.ledger.listDue(START + 1, 10)).toHaveLength(1);
    expect(world.logged.join()).toContain("resend not queued");
  });

  test("of what is not there is 404", async () => {
    expect((await world.post(`${at}/nosuchperson/resend`, {})).status).toBe(404);
    expect((await world.post(`${at.replace(incidentId, "nosuchthing0")}/nosuchperson/resend`, {})).status).toBe(404);
    const silent = await world.incident({ deliver_notifications: false });
    const [update] = await world.status.listUpdates(PAGE.id, silent);
    const path = `/incidents/${silent}/incident_updates/${update?.id}/deliveries`;
    expect((await world.post(`${path}/resend_failed`, {})).status).toBe(404);
  });
});

describe("resending all that failed", () => {
  test("leaves out what is too old, whose text would be gone before it could be given up", async () => {
    await sent([delivery(1, { state: "failed" }), delivery(2, { state: "failed", committedAt: START - 84 * DAY_MS })]);
    expect(await world.post(`${at}/resend_failed`, {})).toMatchObject({
      status: 202,
      json: { queued: 1, already_open: 0, too_old: 1, complete: true },
    });
    expect(await world.post(`${at}/${subscriberId(2)}/resend`, {})).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining("83 days") },
    });
    expect(world.queued.map((work) => work.subscriberId)).toEqual([subscriberId(1)]);
  });

  test("queues exactly those, and is safe to repeat", async () => {
    const failed = Array.from({ length: 12 }, (_, index) => delivery(index, { state: "failed" }));
    await sent([...failed.slice(0, 7), delivery(50), delivery(51, { state: "suppressed" })]);
    await sent(failed.slice(7), "webhook");
    expect(await world.post(`${at}/resend_failed`, {})).toMatchObject({
      status: 202,
      json: { queued: 12, already_open: 0, too_old: 0, complete: true },
    });
    expect(world.queued.map((work) => work.subscriberId).sort()).toEqual(failed.map((each) => each.subscriberId));
    expect(await countsOf()).toMatchObject({ failed: 0, open: 7, accepted: 1, suppressed: 1 });
    expect(await world.post(`${at}/resend_failed`, {})).toMatchObject({
      json: { queued: 0, already_open: 0, too_old: 0, complete: true },
    });
  });

  test("counts what a lagging index still shows as failed, and stops in time", async () => {
    const failed = Array.from({ length: 3 }, (_, index) => delivery(index, { state: "failed" }));
    await sent(failed);
    await world.post(`${at}/${subscriberId(0)}/resend`, {});
    const lagging = {
      ...world.ledger,
      listProblems: async () => {
        world.tick(20_000);
        return { items: failed, next: "failed#subscriber99" };
      },
    };
    Object.assign(world.deps, { ledger: lagging });
    expect(await world.post(`${at}/resend_failed`, {})).toMatchObject({
      status: 202,
      json: { queued: 2, already_open: 1, too_old: 0, complete: false },
    });
  });
});
