import { expect, it } from "vitest";
import { NO_COUNTS } from "../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../functions/core/latency.ts";
import {
  aChunkKey,
  aDelivery,
  claimed,
  dynamoSubject,
  FIVE_MINUTES,
  LEASE,
  memorySubject,
  only,
  progressOf,
  retrying,
} from "./ledger-subject.ts";
import { describeOnBoth } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

describeOnBoth("ledger: chunks", { memory: memorySubject, dynamo: dynamoSubject }, (subject) => {
  it("claims an absent chunk with everything at zero", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    expect(await ledger.getChunks([key])).toEqual([]);
    const chunk = await claimed(ledger, key);
    const { subject: _, ...identity } = key;
    expect(chunk).toEqual({
      ...identity,
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
    const { subject: _, ...identity } = key;
    expect(await only(ledger, key)).toMatchObject({
      ...identity,
      state: "queued",
      resend: 1,
      queuedAt: NOW,
      attempt: 0,
    });
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
