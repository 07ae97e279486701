import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { z } from "zod";
import { type Delivery, NO_COUNTS, resend } from "../../functions/core/delivery.ts";
import { bucketOf } from "../../functions/core/latency.ts";
import { otherReason } from "../../functions/core/reason.ts";
import type { Subject } from "../../functions/core/subject.ts";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import {
  aChunkKey,
  aDelivery,
  claimed,
  counted,
  dynamoSubject,
  LEASE,
  memorySubject,
  only,
  progressOf,
  retrying,
} from "./ledger-subject.ts";
import { describeOnBoth, describeOnDynamo } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

describeOnBoth("ledger: deliveries", { memory: memorySubject, dynamo: dynamoSubject }, (subject) => {
  it("records more than one batch and reads them back, missing ones left out", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const deliveries = Array.from({ length: 60 }, () => aDelivery(key));
    await ledger.recordDeliveries(deliveries);
    const ids = deliveries.map(({ subscriberId }) => subscriberId);
    const found = await ledger.getDeliveries(key.pageId, key.subject, key.seq, [...ids, ...ids, anId()]);
    const byId = (a: Delivery, b: Delivery) => (a.subscriberId < b.subscriberId ? -1 : 1);
    expect(found.sort(byId)).toEqual(deliveries.toSorted(byId));
    expect(await ledger.getDeliveries(key.pageId, key.subject, 2, ids)).toEqual([]);
    await ledger.recordDeliveries([]);
    expect(await ledger.getDeliveries(key.pageId, key.subject, 1, [])).toEqual([]);
  });

  it("keeps what a delivery is about, and finds it by that", async () => {
    const { ledger } = subject();
    const subjects: Subject[] = [
      { kind: "incident", id: anId() },
      { kind: "component", id: anId() },
      { kind: "endpoint", id: anId(), probe: "hello" },
    ];
    const { pageId, ...key } = aChunkKey({ channel: "webhook" });
    const subscriberId = anId();
    const deliveries = subjects.map((about) => aDelivery({ pageId, ...key }, { subscriberId, subject: about }));
    await ledger.recordDeliveries(deliveries);
    for (const delivery of deliveries) {
      const found = await ledger.getDeliveries(pageId, delivery.subject, key.seq, [subscriberId]);
      expect(found).toEqual([delivery]);
      expect(await ledger.listSubscriberSubject(pageId, subscriberId, delivery.subject)).toEqual([delivery]);
    }
  });

  it("lists what one subscriber got in one incident, oldest update first", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const subscriberId = anId();
    const of = (seq: number) => aDelivery({ ...key, seq, updateId: anId() }, { subscriberId });
    const deliveries = [of(2), of(10), of(1)];
    await ledger.recordDeliveries([...deliveries, aDelivery(aChunkKey({ pageId: key.pageId }), { subscriberId })]);
    const listed = await ledger.listSubscriberSubject(key.pageId, subscriberId, key.subject);
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
    expect(await ledger.getDeliveries(key.pageId, key.subject, key.seq, [waiting.subscriberId])).toEqual([accepted]);
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

  it("lets an accepted delivery fail when its mail came back, and keeps how long its acceptance took", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const delivery = aDelivery(key);
    await counted(ledger, key, [delivery, aDelivery(key)]);
    const before = await only(ledger, key);
    const failed: Delivery = { ...delivery, state: "failed", reason: "bounced: General", updatedAt: NOW + 9_000 };
    expect(await ledger.changeDelivery(delivery, failed, null)).toEqual({ outcome: "saved" });
    expect(await ledger.changeDelivery(delivery, failed, null)).toEqual({ outcome: "lost" });
    expect(await only(ledger, key)).toEqual({ ...before, counts: { ...NO_COUNTS, accepted: 1, failed: 1 } });
    expect((await ledger.listProblems(key.pageId, key.updateId, 9, null)).items).toEqual([failed]);
  });

  it("keeps a reason with an accepted delivery", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const delivery = aDelivery(key);
    await counted(ledger, key, [delivery]);
    const before = await only(ledger, key);
    const complained: Delivery = { ...delivery, reason: "complaint" };
    expect(await ledger.changeDelivery(delivery, complained, null)).toEqual({ outcome: "saved" });
    expect(await only(ledger, key)).toEqual(before);
    expect((await ledger.listProblems(key.pageId, key.updateId, 9, null)).items).toEqual([]);
    const found = await ledger.getDeliveries(key.pageId, key.subject, key.seq, [delivery.subscriberId]);
    expect(found).toEqual([complained]);
  });

  it("opens a final delivery again", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const failed = aDelivery(key, { state: "failed", reason: otherReason("timeout"), attempts: 3 });
    await counted(ledger, key, [failed]);
    expect(await ledger.changeDelivery(failed, { ...retrying(key), ...failed, state: "retrying" }, null)).toEqual({
      outcome: "saved",
    });
    expect(await only(ledger, key)).toMatchObject({
      counts: { ...NO_COUNTS, open: 1, retried: 1 },
      retrying: [failed.subscriberId],
    });
  });

  it.each(["accepted", "failed", "superseded", "suppressed", "ambiguous"] as const)(
    "counts a delivery that was %s once when an operator has it sent again, and does not measure it",
    async (state) => {
      const { ledger } = subject();
      const key = aChunkKey();
      const ended = aDelivery(key, { state, attempts: 2 });
      await counted(ledger, key, [ended, aDelivery(key)]);
      const before = await only(ledger, key);
      const due = resend(ended, NOW + 3_600_000, "operator");
      if (due === null) throw new Error("open");

      expect(await ledger.changeDelivery(ended, due, null)).toEqual({ outcome: "saved" });
      expect(await ledger.changeDelivery(ended, due, null)).toEqual({ outcome: "lost" });
      expect(await only(ledger, key)).toMatchObject({
        counts: { ...before.counts, [state]: before.counts[state] - 1, open: 1 },
        retrying: [ended.subscriberId],
      });
      const sending: Delivery = { ...due, state: "sending", attempts: 3, leaseUntil: NOW + 3_600_000 + LEASE };
      await ledger.changeDelivery(due, sending, null);
      const accepted: Delivery = { ...sending, state: "accepted", leaseUntil: null, updatedAt: NOW + 3_600_500 };
      expect(await ledger.changeDelivery(sending, accepted, 3_600_500)).toEqual({ outcome: "saved" });
      const { counts, retrying, ...measured } = await only(ledger, key);
      expect({ counts, retrying }).toEqual({ counts: { ...NO_COUNTS, accepted: 2, retried: 1 }, retrying: [] });
      const { counts: _counts, retrying: _retrying, ...measuredBefore } = before;
      expect(measured).toEqual(measuredBefore);
      expect(await ledger.getDeliveries(key.pageId, key.subject, key.seq, [ended.subscriberId])).toEqual([accepted]);
    },
  );

  it("does not send again what its window has not counted yet", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const failed = aDelivery(key, { state: "failed" });
    const { attempt } = await claimed(ledger, key);
    await ledger.openWindow(key, attempt, [failed.subscriberId], []);
    await ledger.recordDeliveries([failed]);
    const due = resend(failed, NOW, "operator");
    if (due === null) throw new Error("open");
    expect(await ledger.changeDelivery(failed, due, null)).toEqual({ outcome: "lost" });
  });

  it.each(["listSubscriberDeliveries", "listEndpointDeliveries"] as const)(
    "pages by %s, newest update first",
    async (list) => {
      const { ledger } = subject();
      const key = aChunkKey({ channel: "webhook" });
      const subscriberId = anId();
      const own = Array.from({ length: 7 }, (_, index) =>
        aDelivery(
          { ...key, subject: { kind: "incident", id: anId() }, updateId: anId(), seq: index + 1 },
          { subscriberId, committedAt: NOW + ((index * 3) % 7) * 1_000 },
        ),
      );
      await ledger.recordDeliveries([...own, aDelivery(key), aDelivery(aChunkKey(), { subscriberId })]);
      const seen: Delivery[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: Delivery[]; next: string | null } = await ledger[list](
          key.pageId,
          subscriberId,
          3,
          cursor,
        );
        seen.push(...page.items);
        cursor = page.next;
      } while (cursor !== null);
      expect(seen).toEqual(own.toSorted((a, b) => b.committedAt - a.committedAt));
      expect(await ledger[list](key.pageId, anId(), 3, null)).toEqual({ items: [], next: null });
      await expect(ledger[list](key.pageId, subscriberId, 3, "nonsense")).rejects.toThrow("cursor");
    },
  );

  it("pages the problems of one state alone", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const of = (state: Delivery["state"]) => Array.from({ length: 5 }, () => aDelivery(key, { state }));
    const failed = of("failed");
    await ledger.recordDeliveries([...failed, ...of("ambiguous"), ...of("suppressed"), ...of("accepted")]);
    const first = await ledger.listProblems(key.pageId, key.updateId, 3, null, "failed");
    const second = await ledger.listProblems(key.pageId, key.updateId, 3, first.next, "failed");
    const ids = [...first.items, ...second.items].map((delivery) => delivery.subscriberId);
    expect(first.items).toHaveLength(3);
    expect(second.next).toBeNull();
    expect(ids).toEqual(failed.map(({ subscriberId }) => subscriberId).sort());
    const elsewhere = ledger.listProblems(key.pageId, key.updateId, 3, first.next, "suppressed");
    await expect(elsewhere).rejects.toThrow("cursor");
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

const answerSchema = z.object({
  Items: z.optional(z.array(z.unknown())),
  Responses: z.optional(z.record(z.string(), z.array(z.unknown()))),
});

describeOnDynamo("an endpoint's deliveries", (server) => {
  it("are read a page at a time, as they are now", async () => {
    const { client, tables } = server();
    const ledger = dynamoLedger({ client, table: tables.deliveries, random: randomBytes });
    const key = aChunkKey({ channel: "webhook" });
    const subscriberId = anId();
    const own = Array.from({ length: 50 }, (_, index) =>
      aDelivery(
        { ...key, subject: { kind: "incident", id: anId() }, updateId: anId() },
        { subscriberId, committedAt: NOW + index * 1_000 },
      ),
    );
    await ledger.recordDeliveries(own);
    const [newest] = own.slice(-1);
    if (newest === undefined) throw new Error("none");
    const again = resend(newest, NOW, "integrator");
    if (again === null) throw new Error("open");
    expect(await ledger.changeDelivery(newest, again, null)).toEqual({ outcome: "saved" });

    let read = 0;
    client.middlewareStack.add(
      (next) => async (request) => {
        const answer = await next(request);
        const { Items = [], Responses = {} } = answerSchema.parse(answer.output);
        read += Items.length + Object.values(Responses).flat().length;
        return answer;
      },
      { step: "initialize", name: "count what is read" },
    );
    const page = await ledger.listEndpointDeliveries(key.pageId, subscriberId, 20, null);
    expect(page.items).toEqual([again, ...own.slice(-20, -1).toReversed()]);
    // The keys of the page and of one more, and the page.
    expect(read).toBe(41);
  });
});
