import { randomBytes } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import type { ChunkKey, ChunkProgress } from "../../functions/core/chunk.ts";
import { countDeliveries, type Delivery, isOpen, NO_COUNTS } from "../../functions/core/delivery.ts";
import { addTo, bucketOf, type Histogram } from "../../functions/core/latency.ts";
import type { Notice } from "../../functions/core/notice.ts";
import { DUE_GRACE_MS } from "../../functions/core/retry-schedule.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { Ledger } from "../../functions/store/deliveries.ts";
import { dynamoLedger } from "../../functions/store/dynamo-ledger.ts";
import { noticeItem } from "../../functions/store/notice-item.ts";
import { toItem } from "../../functions/store/table.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import { describeOnBoth, type Server } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

interface Subject {
  ledger: Ledger;
  /** What the status store's transaction does. */
  putNotice(notice: Notice): Promise<void>;
}

function inMemory(): Subject {
  const ledger = memoryLedger();
  return { ledger, putNotice: async (notice) => ledger.putNotice(notice) };
}

function onDynamo({ client, tables }: Server): Subject {
  return {
    ledger: dynamoLedger({ client, table: tables.deliveries, random: randomBytes }),
    async putNotice(notice) {
      await client.send(new PutItemCommand({ TableName: tables.deliveries, Item: toItem(noticeItem(notice)) }));
    },
  };
}

const LEASE = 65_000;
const FIVE_MINUTES = 5 * 60_000;

function aChunkKey(overrides: Partial<ChunkKey> = {}): ChunkKey {
  return {
    pageId: anId(),
    incidentId: anId(),
    updateId: anId(),
    seq: 1,
    channel: "email",
    chunk: 3,
    of: 8,
    ...overrides,
  };
}

function aDelivery(key: ChunkKey, overrides: Partial<Delivery> = {}): Delivery {
  return {
    pageId: key.pageId,
    subscriberId: anId(),
    incidentId: key.incidentId,
    updateId: key.updateId,
    seq: key.seq,
    channel: key.channel,
    chunk: key.chunk,
    state: "accepted",
    attempts: 1,
    unknownOutcomes: 0,
    providerId: "provider-1",
    reason: null,
    committedAt: NOW,
    firstAttemptAt: NOW + 100,
    updatedAt: NOW + 200,
    nextAttemptAt: null,
    leaseUntil: null,
    ...overrides,
  };
}

function retrying(key: ChunkKey, overrides: Partial<Delivery> = {}): Delivery {
  return aDelivery(key, {
    state: "retrying",
    providerId: null,
    reason: "timeout",
    nextAttemptAt: NOW + 30_000,
    ...overrides,
  });
}

function progressOf(deliveries: readonly Delivery[], latencies: readonly number[] = []): ChunkProgress {
  return {
    counts: countDeliveries(deliveries),
    retrying: deliveries.filter(({ state }) => isOpen(state)).map(({ subscriberId }) => subscriberId),
    histogram: latencies.reduce<Histogram>(addTo, {}),
    slowestMs: Math.max(0, ...latencies),
    firstAcceptedAt: latencies.length === 0 ? null : NOW + Math.min(...latencies),
    lastAcceptedAt: latencies.length === 0 ? null : NOW + Math.max(...latencies),
  };
}

async function claimed(ledger: Ledger, key: ChunkKey, now = NOW, resend = 0) {
  const claim = await ledger.claimChunk(key, resend, now, now + LEASE);
  if (claim.outcome === "lost") throw new Error(`lost: ${claim.why}`);
  return claim.chunk;
}

async function only(ledger: Ledger, key: ChunkKey) {
  const [chunk] = await ledger.getChunks([key]);
  if (chunk === undefined) throw new Error("no such chunk");
  return chunk;
}

/** A chunk whose window was recorded and counted, with these deliveries in it. */
async function counted(ledger: Ledger, key: ChunkKey, deliveries: readonly Delivery[]) {
  const { attempt } = await claimed(ledger, key);
  await ledger.recordDeliveries(deliveries);
  expect(await ledger.closeWindow(key, attempt, progressOf(deliveries), null)).toEqual({ outcome: "saved" });
  expect(await ledger.finishChunk(key, attempt)).toEqual({ outcome: "saved" });
}

describeOnBoth("ledger: chunks", { memory: inMemory, dynamo: onDynamo }, (subject) => {
  it("claims an absent chunk with everything at zero", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    expect(await ledger.getChunks([key])).toEqual([]);
    const chunk = await claimed(ledger, key);
    expect(chunk).toEqual({
      ...key,
      state: "claimed",
      leaseUntil: NOW + LEASE,
      attempt: 1,
      resend: 0,
      queuedAt: NOW,
      wakeAt: null,
      window: [],
      windowAgain: [],
      cursor: null,
      counts: NO_COUNTS,
      retrying: [],
      histogram: {},
      slowestMs: 0,
      firstAcceptedAt: null,
      lastAcceptedAt: null,
    });
    expect(await ledger.getChunks([key, key])).toEqual([chunk]);
  });

  it("refuses a claim while the lease runs, and gives the next attempt once it is over", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    await claimed(ledger, key);
    expect(await ledger.claimChunk(key, 0, NOW + LEASE - 1, NOW + 2 * LEASE)).toEqual({
      outcome: "lost",
      why: "leased",
    });
    expect((await claimed(ledger, key, NOW + LEASE)).attempt).toBe(2);
  });

  it("is claimed once by many at the same time", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const claims = await Promise.all(Array.from({ length: 8 }, () => ledger.claimChunk(key, 0, NOW, NOW + LEASE)));
    expect(claims.filter(({ outcome }) => outcome === "claimed")).toHaveLength(1);
  });

  it("refuses every write of a claim that was taken over", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const first = await claimed(ledger, key);
    const second = await claimed(ledger, key, NOW + LEASE);
    const lost = { outcome: "lost" };
    expect(await ledger.openWindow(key, first.attempt, [anId()], [])).toEqual(lost);
    expect(await ledger.closeWindow(key, first.attempt, progressOf([]), "cursor")).toEqual(lost);
    expect(await ledger.yieldChunk(key, first.attempt, NOW)).toEqual(lost);
    expect(await ledger.finishChunk(key, first.attempt)).toEqual(lost);
    expect(await only(ledger, key)).toEqual(second);
    expect(await ledger.finishChunk(key, second.attempt)).toEqual({ outcome: "saved" });
  });

  it("refuses every write to a chunk that was never claimed", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    expect(await ledger.openWindow(key, 1, [], [])).toEqual({ outcome: "lost" });
    expect(await ledger.finishChunk(key, 1)).toEqual({ outcome: "lost" });
    expect(await ledger.getChunks([key])).toEqual([]);
  });

  it("is never claimed, written or queued again once done", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const { attempt } = await claimed(ledger, key);
    await ledger.finishChunk(key, attempt);
    const later = NOW + 10 * LEASE;
    expect(await ledger.claimChunk(key, 5, later, later + LEASE)).toEqual({ outcome: "lost", why: "done" });
    expect(await ledger.openWindow(key, attempt, [anId()], [])).toEqual({ outcome: "lost" });
    expect(await ledger.requeueChunk(key, later, later)).toBeNull();
  });

  it("shows the next claim which window was in flight when the invocation died", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const window = [anId(), anId()];
    const { attempt } = await claimed(ledger, key);
    expect(await ledger.openWindow(key, attempt, window, window.slice(0, 1))).toEqual({ outcome: "saved" });
    const next = await claimed(ledger, key, NOW + LEASE);
    expect(next).toMatchObject({ attempt: 2, window, windowAgain: window.slice(0, 1) });
  });

  it("adds what each window did, clears it and moves the cursor", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const { attempt } = await claimed(ledger, key);
    const waiting = retrying(key);
    const first = [aDelivery(key), aDelivery(key), waiting];
    const second = [aDelivery(key, { attempts: 2 }), aDelivery(key, { state: "suppressed" })];
    await ledger.openWindow(key, attempt, [anId()], [anId()]);
    expect(await ledger.closeWindow(key, attempt, progressOf(first, [900, 200]), "0a#x")).toEqual({ outcome: "saved" });
    expect(await ledger.closeWindow(key, attempt, progressOf(second, [205]), "0b#y")).toEqual({ outcome: "saved" });
    expect(await only(ledger, key)).toMatchObject({
      state: "claimed",
      window: [],
      windowAgain: [],
      cursor: "0b#y",
      counts: { ...NO_COUNTS, accepted: 3, open: 1, suppressed: 1, retried: 1 },
      retrying: [waiting.subscriberId],
      histogram: [900, 200, 205].reduce<Histogram>(addTo, {}),
      slowestMs: 900,
      firstAcceptedAt: NOW + 200,
      lastAcceptedAt: NOW + 900,
    });
  });

  it("keeps progress when it is given back, and is queued again once its time has come", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const { attempt } = await claimed(ledger, key);
    await ledger.closeWindow(key, attempt, progressOf([aDelivery(key)]), "0a#x");
    const wakeAt = NOW + 10_000;
    expect(await ledger.yieldChunk(key, attempt, wakeAt)).toEqual({ outcome: "saved" });
    expect(await only(ledger, key)).toMatchObject({ state: "queued", wakeAt, cursor: "0a#x" });
    expect(await ledger.requeueChunk(key, wakeAt - 1, wakeAt - 1)).toBeNull();
    expect(await ledger.requeueChunk(key, wakeAt, wakeAt - FIVE_MINUTES)).toBe(1);
    expect(await only(ledger, key)).toMatchObject({
      state: "queued",
      queuedAt: wakeAt,
      wakeAt: null,
      resend: 1,
      cursor: "0a#x",
      counts: { ...NO_COUNTS, accepted: 1 },
    });
    expect(await claimed(ledger, key, wakeAt, 1)).toMatchObject({ attempt: attempt + 1, resend: 1, wakeAt: null });
  });

  it("can be claimed before its time by a late copy", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const { attempt } = await claimed(ledger, key);
    await ledger.yieldChunk(key, attempt, NOW + FIVE_MINUTES);
    expect(await claimed(ledger, key, NOW + 1)).toMatchObject({ attempt: 2, wakeAt: null });
  });

  it("numbers what is sent again from 1, and only when it was forgotten", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    expect(await ledger.requeueChunk(key, NOW, NOW - FIVE_MINUTES)).toBe(1);
    expect(await only(ledger, key)).toMatchObject({ ...key, state: "queued", resend: 1, queuedAt: NOW, attempt: 0 });
    expect(await ledger.requeueChunk(key, NOW + 1, NOW + 1 - FIVE_MINUTES)).toBeNull();
    expect(await ledger.requeueChunk(key, NOW + FIVE_MINUTES, NOW)).toBe(2);
    await claimed(ledger, key, NOW + FIVE_MINUTES, 2);
    expect(await ledger.requeueChunk(key, NOW + FIVE_MINUTES + LEASE - 1, NOW + FIVE_MINUTES + LEASE - 1)).toBeNull();
    expect(await ledger.requeueChunk(key, NOW + FIVE_MINUTES + LEASE, NOW)).toBe(3);
  });

  it("is queued again once by two sweeps at the same time", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const numbers = await Promise.all([1, 2, 3].map(() => ledger.requeueChunk(key, NOW, NOW - FIVE_MINUTES)));
    expect(numbers.filter((number) => number !== null)).toEqual([1]);
  });

  it("keeps the greatest resend number when a late copy claims it", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    await ledger.requeueChunk(key, NOW, NOW - FIVE_MINUTES);
    await ledger.requeueChunk(key, NOW + FIVE_MINUTES, NOW);
    expect(await claimed(ledger, key, NOW + FIVE_MINUTES, 0)).toMatchObject({ resend: 2, attempt: 1 });
  });

  it("lists the chunks of one update", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ chunk: 0 });
    const keys = [key, { ...key, chunk: 11 }, { ...key, chunk: 2 }, { ...key, channel: "sms" as const }];
    for (const each of keys) await claimed(ledger, each);
    await claimed(ledger, { ...key, updateId: anId() });
    const listed = await ledger.listChunks(key.pageId, key.updateId);
    expect(listed.map(({ channel, chunk }) => `${channel} ${chunk}`)).toEqual([
      "email 0",
      "email 2",
      "email 11",
      "sms 0",
    ]);
  });
});

describeOnBoth("ledger: planning", { memory: inMemory, dynamo: onDynamo }, (subject) => {
  function aNotice(overrides: Partial<Notice> = {}): Notice {
    return {
      kind: "update",
      pageId: anId(),
      incidentId: anId(),
      updateId: anId(),
      seq: 1,
      state: "unplanned",
      committedAt: NOW,
      plannedAt: null,
      plan: null,
      ...overrides,
    };
  }
  const PLAN = { email: 2, sms: 1, webhook: 1 };

  it("plans a notice once", async () => {
    const { ledger, putNotice } = subject();
    const notice = aNotice();
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toBeNull();
    expect(await ledger.markPlanned(notice, PLAN, NOW)).toEqual({ outcome: "lost" });
    await putNotice(notice);
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toEqual(notice);
    const outcomes = await Promise.all([1, 2].map(() => ledger.markPlanned(notice, PLAN, NOW + 5)));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["lost", "saved"]);
    const planned = { ...notice, state: "planned", plan: PLAN, plannedAt: NOW + 5 };
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toEqual(planned);
  });

  it("pages the open notices, oldest first, until they are done", async () => {
    const { ledger, putNotice } = subject();
    const pageId = anId();
    const notices = Array.from({ length: 13 }, (_, index) => aNotice({ pageId, committedAt: NOW + index * 10 }));
    for (const notice of notices.toReversed()) await putNotice(notice);
    const listed = async () => {
      const seen: Notice[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: Notice[]; next: string | null } = await ledger.listOpenNotices(5, cursor);
        expect(page.items.length).toBeLessThanOrEqual(5);
        seen.push(...page.items);
        cursor = page.next;
      } while (cursor !== null);
      // On the server other tests' notices are open too.
      return seen.filter((notice) => notice.pageId === pageId).map(({ updateId }) => updateId);
    };
    expect(await listed()).toEqual(notices.map(({ updateId }) => updateId));
    const [first, second] = notices;
    if (first === undefined || second === undefined) throw new Error("there are thirteen");
    await ledger.markDone(first);
    expect(await listed()).toContain(first.updateId);
    await ledger.markPlanned(first, PLAN, NOW);
    await ledger.markDone(first);
    await ledger.markPlanned(second, PLAN, NOW);
    expect(await listed()).toEqual(notices.slice(1).map(({ updateId }) => updateId));
    expect((await ledger.getNotice(pageId, first.updateId))?.state).toBe("done");
    await ledger.markDone(first);
  });

  it("refuses a cursor that it never gave out", async () => {
    const { ledger } = subject();
    await expect(ledger.listOpenNotices(5, "nonsense")).rejects.toThrow(InvalidCursorError);
    await expect(ledger.listProblems(anId(), anId(), 5, "")).rejects.toThrow(InvalidCursorError);
  });

  it("keeps the first rendering for all who store one at the same time", async () => {
    const { ledger } = subject();
    const key = { pageId: anId(), updateId: anId(), format: "email" as const, locale: "en" };
    expect(await ledger.getRendering(key)).toBeNull();
    const kept = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        ledger.keepRendering(key, { parts: [`text ${index}`, ""], slots: ["address"] }, NOW),
      ),
    );
    expect(new Set(kept.map(({ parts }) => parts[0])).size).toBe(1);
    expect(await ledger.getRendering(key)).toEqual(kept[0]);
    expect(await ledger.getRendering({ ...key, format: "sms" })).toBeNull();
  });

  it("fixes the number of chunks for all who plan at the same time", async () => {
    const { ledger } = subject();
    const [pageId, incidentId] = [anId(), anId()];
    const fixed = await Promise.all([3, 4, 5, 6].map((n) => ledger.fixChunks(pageId, incidentId, "email", n, NOW)));
    expect(new Set(fixed).size).toBe(1);
    expect(await ledger.fixChunks(pageId, incidentId, "email", 99, NOW)).toBe(fixed[0]);
    expect(await ledger.fixChunks(pageId, incidentId, "sms", 7, NOW)).toBe(7);
  });
});

describeOnBoth("ledger: deliveries", { memory: inMemory, dynamo: onDynamo }, (subject) => {
  it("records more than one batch and reads them back, missing ones left out", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const deliveries = Array.from({ length: 60 }, () => aDelivery(key));
    await ledger.recordDeliveries(deliveries);
    const ids = deliveries.map(({ subscriberId }) => subscriberId);
    const found = await ledger.getDeliveries(key.pageId, key.incidentId, key.seq, [...ids, ...ids, anId()]);
    const byId = (a: Delivery, b: Delivery) => (a.subscriberId < b.subscriberId ? -1 : 1);
    expect(found.sort(byId)).toEqual(deliveries.toSorted(byId));
    expect(await ledger.getDeliveries(key.pageId, key.incidentId, 2, ids)).toEqual([]);
    await ledger.recordDeliveries([]);
    expect(await ledger.getDeliveries(key.pageId, key.incidentId, 1, [])).toEqual([]);
  });

  it("lists what one subscriber got in one incident, oldest update first", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const subscriberId = anId();
    const of = (seq: number) => aDelivery({ ...key, seq, updateId: anId() }, { subscriberId });
    const deliveries = [of(2), of(10), of(1)];
    await ledger.recordDeliveries([...deliveries, aDelivery(aChunkKey({ pageId: key.pageId }), { subscriberId })]);
    const listed = await ledger.listSubscriberIncident(key.pageId, subscriberId, key.incidentId);
    expect(listed).toEqual(deliveries.toSorted((a, b) => a.seq - b.seq));
  });

  it("moves the chunk's counts with a delivery from its retry to its acceptance", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const waiting = retrying(key);
    await counted(ledger, key, [waiting, aDelivery(key)]);
    const sending: Delivery = {
      ...waiting,
      state: "sending",
      attempts: 2,
      nextAttemptAt: null,
      leaseUntil: NOW + 31_000 + LEASE,
    };
    expect(await ledger.changeDelivery(waiting, sending, null)).toEqual({ outcome: "saved" });
    expect(await only(ledger, key)).toMatchObject({
      counts: { ...NO_COUNTS, accepted: 1, open: 1, retried: 1 },
      retrying: [waiting.subscriberId],
    });
    const accepted = aDelivery(key, { ...sending, state: "accepted", leaseUntil: null, updatedAt: NOW + 31_000 });
    expect(await ledger.changeDelivery(sending, accepted, 31_000)).toEqual({ outcome: "saved" });
    expect(await only(ledger, key)).toMatchObject({
      state: "done",
      counts: { ...NO_COUNTS, accepted: 2, retried: 1 },
      retrying: [],
      histogram: { [bucketOf(31_000)]: 1 },
      slowestMs: 31_000,
      firstAcceptedAt: NOW + 31_000,
      lastAcceptedAt: NOW + 31_000,
    });
    expect(await ledger.getDeliveries(key.pageId, key.incidentId, key.seq, [waiting.subscriberId])).toEqual([accepted]);
  });

  it("takes a throttled attempt back out of the counts", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const waiting = retrying(key);
    await counted(ledger, key, [waiting]);
    const sending: Delivery = { ...waiting, state: "sending", attempts: 2, leaseUntil: NOW + LEASE };
    await ledger.changeDelivery(waiting, sending, null);
    await ledger.changeDelivery(sending, waiting, null);
    expect((await only(ledger, key)).counts).toEqual({ ...NO_COUNTS, open: 1 });
  });

  it("opens a final delivery again", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const failed = aDelivery(key, { state: "failed", reason: "timeout", attempts: 3 });
    await counted(ledger, key, [failed]);
    expect(await ledger.changeDelivery(failed, { ...retrying(key), ...failed, state: "retrying" }, null)).toEqual({
      outcome: "saved",
    });
    expect(await only(ledger, key)).toMatchObject({
      counts: { ...NO_COUNTS, open: 1, retried: 1 },
      retrying: [failed.subscriberId],
    });
  });

  it("refuses a change from what is no longer so, and moves nothing", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const sending: Delivery = { ...retrying(key), state: "sending", attempts: 2, leaseUntil: NOW + LEASE };
    await counted(ledger, key, [sending]);
    const before = await only(ledger, key);
    const failed: Delivery = { ...sending, state: "failed", leaseUntil: null };
    const lost = { outcome: "lost" };
    expect(await ledger.changeDelivery({ ...sending, state: "retrying" }, failed, null)).toEqual(lost);
    expect(await ledger.changeDelivery({ ...sending, attempts: 1 }, failed, null)).toEqual(lost);
    expect(await ledger.changeDelivery({ ...sending, leaseUntil: NOW }, failed, null)).toEqual(lost);
    expect(await ledger.changeDelivery(sending, { ...failed, subscriberId: anId() }, null)).toEqual(lost);
    expect(await only(ledger, key)).toEqual(before);
  });

  it.each([
    { name: "which moves counts", attempts: 1 },
    { name: "which moves none", attempts: 2 },
  ])("lets exactly one of several at the same time make a change $name", async ({ attempts }) => {
    const { ledger } = subject();
    const key = aChunkKey();
    const waiting = retrying(key, { attempts });
    await counted(ledger, key, [waiting]);
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        ledger.changeDelivery(
          waiting,
          { ...waiting, state: "sending", attempts: attempts + 1, leaseUntil: NOW + LEASE + n },
          null,
        ),
      ),
    );
    expect(outcomes.filter(({ outcome }) => outcome === "saved")).toHaveLength(1);
    expect((await only(ledger, key)).counts).toEqual({ ...NO_COUNTS, open: 1, retried: 1 });
  });

  it("loses no count when a whole chunk's retries end at the same time", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ channel: "webhook" });
    const sending = Array.from(
      { length: 25 },
      (): Delivery => ({ ...retrying(key), state: "sending", attempts: 2, leaseUntil: NOW + LEASE }),
    );
    await counted(ledger, key, sending);
    const outcomes = await Promise.all(
      sending.map((from, index) =>
        ledger.changeDelivery(
          from,
          { ...from, state: "accepted", leaseUntil: null, updatedAt: NOW + 40_000 + index },
          40_000 + index,
        ),
      ),
    );
    expect(outcomes.every(({ outcome }) => outcome === "saved")).toBe(true);
    const chunk = await only(ledger, key);
    expect(chunk).toMatchObject({
      counts: { ...NO_COUNTS, accepted: 25, retried: 25 },
      retrying: [],
      slowestMs: 40_024,
      firstAcceptedAt: NOW + 40_000,
      lastAcceptedAt: NOW + 40_024,
    });
    expect(Object.values(chunk.histogram).reduce((sum, count) => sum + count, 0)).toBe(25);
  });

  it.each([
    { name: "to be sent", to: { state: "sending", attempts: 2 } },
    { name: "to be sent a third time", from: { attempts: 2 }, to: { state: "sending", attempts: 3 } },
    { name: "to be superseded", to: { state: "superseded", nextAttemptAt: null } },
  ] as const)("does not change a record $name before its window has counted it", async ({ to, ...rest }) => {
    const { ledger } = subject();
    const key = aChunkKey();
    const waiting = retrying(key, "from" in rest ? rest.from : {});
    const { attempt } = await claimed(ledger, key);
    await ledger.openWindow(key, attempt, [waiting.subscriberId], []);
    await ledger.recordDeliveries([waiting]);
    expect(await ledger.changeDelivery(waiting, { ...waiting, ...to }, null)).toEqual({ outcome: "lost" });
    await ledger.closeWindow(key, attempt, progressOf([waiting]), null);
    expect(await ledger.changeDelivery(waiting, { ...waiting, ...to }, null)).toEqual({ outcome: "saved" });
    const { open, superseded } = (await only(ledger, key)).counts;
    expect(open + superseded).toBe(1);
  });

  it("changes a delivery whose chunk has expired", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const waiting = retrying(key);
    await ledger.recordDeliveries([waiting]);
    const failed: Delivery = { ...waiting, state: "failed", nextAttemptAt: null };
    expect(await ledger.changeDelivery(waiting, failed, null)).toEqual({ outcome: "saved" });
    expect(await ledger.changeDelivery(waiting, failed, null)).toEqual({ outcome: "lost" });
    expect(await ledger.getChunks([key])).toEqual([]);
  });
});

describeOnBoth("ledger: lists", { memory: inMemory, dynamo: onDynamo }, (subject) => {
  /** On the server other tests' deliveries are due too, so each test stands at a time of its own. */
  let base = NOW + 1_000_000_000;
  const aTime = () => {
    base -= 10_000_000;
    return base;
  };

  async function dueOf(ledger: Ledger, key: ChunkKey, now: number) {
    const due = await ledger.listDue(now, 1_000);
    return due.filter(({ pageId }) => pageId === key.pageId).map(({ subscriberId }) => subscriberId);
  }

  it("shows open deliveries once their time and the grace are over, soonest first", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const at = aTime();
    const later = retrying(key, { nextAttemptAt: at + 5_000 });
    const soon = retrying(key, { nextAttemptAt: at });
    const sending = retrying(key, { state: "sending", nextAttemptAt: null, leaseUntil: at + 3_000 });
    await ledger.recordDeliveries([later, soon, sending, aDelivery(key), aDelivery(key, { state: "failed" })]);
    expect(await dueOf(ledger, key, at + DUE_GRACE_MS)).toEqual([]);
    expect(await dueOf(ledger, key, at + DUE_GRACE_MS + 1)).toEqual([soon.subscriberId]);
    const all = [soon, sending, later].map(({ subscriberId }) => subscriberId);
    expect(await dueOf(ledger, key, at + DUE_GRACE_MS + 5_001)).toEqual(all);
    const due = await ledger.listDue(at + DUE_GRACE_MS + 5_001, 2);
    expect(due).toHaveLength(2);
  });

  it("keeps a postponed delivery out of sight until then", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const at = aTime();
    const waiting = retrying(key, { nextAttemptAt: at });
    await counted(ledger, key, [waiting]);
    expect(await ledger.postponeDue(waiting, at + 500_000)).toEqual({ outcome: "saved" });
    expect(await dueOf(ledger, key, at + 500_000)).toEqual([]);
    expect(await dueOf(ledger, key, at + 500_001)).toEqual([waiting.subscriberId]);
    const [stored] = await ledger.getDeliveries(key.pageId, key.incidentId, key.seq, [waiting.subscriberId]);
    expect(stored).toEqual(waiting);

    const sending: Delivery = {
      ...waiting,
      state: "sending",
      attempts: 2,
      nextAttemptAt: null,
      leaseUntil: at + LEASE,
    };
    await ledger.changeDelivery(waiting, sending, null);
    expect(await ledger.postponeDue(waiting, at)).toEqual({ outcome: "lost" });
    await ledger.changeDelivery(sending, { ...sending, state: "accepted", leaseUntil: null }, 5);
    expect(await ledger.postponeDue(sending, at)).toEqual({ outcome: "lost" });
    expect(await ledger.postponeDue(retrying(key), at)).toEqual({ outcome: "lost" });
    expect(await dueOf(ledger, key, at + 1_000_000)).toEqual([]);
  });

  it("pages an update's problems", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const problems = Array.from({ length: 23 }, (_, index) =>
      aDelivery(key, { state: (["failed", "suppressed", "ambiguous"] as const)[index % 3] ?? "failed" }),
    );
    await ledger.recordDeliveries([
      ...problems,
      aDelivery(key),
      retrying(key),
      aDelivery(key, { state: "superseded" }),
      aDelivery({ ...key, updateId: anId(), seq: 2 }, { state: "failed" }),
    ]);
    const seen: Delivery[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: Delivery[]; next: string | null } = await ledger.listProblems(
        key.pageId,
        key.updateId,
        10,
        cursor,
      );
      expect(page.items.length).toBe(page.next === null ? 3 : 10);
      seen.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    const order = (delivery: Delivery) => `${delivery.state} ${delivery.subscriberId}`;
    expect(seen.map(order)).toEqual(problems.map(order).sort());
    expect(await ledger.listProblems(key.pageId, anId(), 10, null)).toEqual({ items: [], next: null });
  });
});
