import { expect, it } from "vitest";
import { type ChunkKey, LONGEST_PLAN } from "../../functions/core/chunk.ts";
import type { Delivery } from "../../functions/core/delivery.ts";
import type { Notice, UpdateNotice } from "../../functions/core/notice.ts";
import { DUE_GRACE_MS } from "../../functions/core/retry-schedule.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { Ledger } from "../../functions/store/deliveries/ledger.ts";
import { aChunkKey, aDelivery, counted, dynamoSubject, LEASE, memorySubject, retrying } from "./ledger-subject.ts";
import { describeOnBoth } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

describeOnBoth("ledger: planning", { memory: memorySubject, dynamo: dynamoSubject }, (subject) => {
  function aNotice(overrides: Partial<UpdateNotice> = {}): UpdateNotice {
    return {
      kind: "update",
      pageId: anId(),
      subject: { kind: "incident", id: anId() },
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

  it("remembers how many chunks of a notice are queued, while it is not planned, and never fewer", async () => {
    const { ledger, putNotice } = subject();
    const notice = aNotice();
    expect(await ledger.noteQueued(notice, 1_000)).toEqual({ outcome: "lost" });
    await putNotice(notice);
    const noted = async (queued: number) => (await ledger.noteQueued(notice, queued)).outcome;
    // As a planner does whose first answer was lost.
    expect(await noted(1_000)).toBe("saved");
    expect(await noted(1_000)).toBe("saved");
    expect(await noted(3_000)).toBe("saved");
    expect(await noted(2_000)).toBe("lost");
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toEqual({ ...notice, queued: 3_000 });
    await ledger.markPlanned(notice, PLAN, NOW);
    expect(await noted(4_000)).toBe("lost");
  });

  it("keeps what became of the topic's publication", async () => {
    const { ledger, putNotice } = subject();
    const notice = aNotice();
    await ledger.settleTopic(notice, { state: "published", reason: null });
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toBeNull();
    await putNotice(notice);
    await ledger.markPlanned(notice, PLAN, NOW, { state: "waiting", reason: "throttle" });
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toMatchObject({
      topic: { state: "waiting", reason: "throttle" },
    });
    await ledger.settleTopic(notice, { state: "published", reason: null });
    expect(await ledger.getNotice(notice.pageId, notice.updateId)).toMatchObject({
      state: "planned",
      topic: { state: "published", reason: null },
    });
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
    const key = { pageId: anId(), updateId: anId(), format: "email", locale: "en" } as const;
    expect(await ledger.getRendering(key)).toBeNull();
    const kept = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        ledger.keepRendering(key, { parts: [`text ${index}`, ""], slots: ["address"] }, NOW),
      ),
    );
    expect(new Set(kept.map(({ parts }) => parts[0])).size).toBe(1);
    expect(await ledger.getRendering(key)).toEqual(kept[0]);
    expect(await ledger.getRendering({ ...key, format: "sms" })).toBeNull();
    expect(await ledger.getRendering({ ...key, locale: "de" })).toBeNull();
    expect(await ledger.getRendering({ ...key, format: "webhook", locale: null })).toBeNull();
  });

  it("lets one of those who plan at the same time have its way, and the others read what it did", async () => {
    const { ledger } = subject();
    const key = { pageId: anId(), subject: { kind: "incident", id: anId() }, channel: "email" } as const;
    expect(await ledger.getChunkPlan(key)).toBeNull();
    const first = await Promise.all([1, 2, 3, 4].map((seq) => ledger.fixChunks(key, seq, seq * 10, null, NOW)));
    expect(first.filter(({ outcome }) => outcome === "saved")).toHaveLength(1);
    const plan = await ledger.getChunkPlan(key);
    const winner = first.findIndex(({ outcome }) => outcome === "saved") + 1;
    expect(plan?.fixed).toEqual({ [winner]: winner * 10 });

    const second = await Promise.all([5, 6].map((seq) => ledger.fixChunks(key, seq, 99, plan, NOW)));
    expect(second.map(({ outcome }) => outcome).sort()).toEqual(["lost", "saved"]);
    const raised = await ledger.getChunkPlan(key);
    expect(Object.values(raised?.fixed ?? {}).sort()).toEqual([winner * 10, 99].sort());
    expect(raised?.version).not.toBe(plan?.version);
    expect(await ledger.getChunkPlan({ ...key, channel: "sms" })).toBeNull();
  });

  it("keeps the newest of a plan that grows for ever", async () => {
    const { ledger } = subject();
    const key = { pageId: anId(), subject: { kind: "component", id: anId() }, channel: "webhook" } as const;
    for (let seq = 1; seq <= LONGEST_PLAN + 3; seq += 1) {
      const saved = await ledger.fixChunks(key, seq * 2, 1, await ledger.getChunkPlan(key), NOW);
      expect(saved).toEqual({ outcome: "saved" });
    }
    const seqs = Object.keys((await ledger.getChunkPlan(key))?.fixed ?? {}).map(Number);
    expect(seqs.sort((a, b) => a - b)).toEqual(Array.from({ length: LONGEST_PLAN }, (_, index) => (index + 4) * 2));
  });
});

describeOnBoth("ledger: lists", { memory: memorySubject, dynamo: dynamoSubject }, (subject) => {
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

  it("shows open deliveries once their time has come, soonest first", async () => {
    const { ledger } = subject();
    const key = aChunkKey();
    const at = aTime();
    const later = retrying(key, { nextAttemptAt: at + 5_000 });
    const soon = retrying(key, { nextAttemptAt: at });
    const sending = retrying(key, { state: "sending", nextAttemptAt: null, leaseUntil: at + 3_000 });
    await ledger.recordDeliveries([later, soon, sending, aDelivery(key), aDelivery(key, { state: "failed" })]);
    expect(await dueOf(ledger, key, at)).toEqual([]);
    expect(await dueOf(ledger, key, at + 1)).toEqual([soon.subscriberId]);
    const all = [soon, sending, later].map(({ subscriberId }) => subscriberId);
    expect(await dueOf(ledger, key, at + 5_001)).toEqual(all);
    const due = await ledger.listDue(at + 5_001, 2);
    expect(due).toHaveLength(2);
  });

  it("gives a retry that waits in a queue its grace, and one that no queue can hold none", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ channel: "webhook" });
    const at = aTime();
    const queued = retrying(key, { updatedAt: at - 5_000, nextAttemptAt: at });
    const faraway = retrying(key, { updatedAt: at - 3_600_000, nextAttemptAt: at + 1 });
    await ledger.recordDeliveries([queued, faraway]);
    expect(await dueOf(ledger, key, at + DUE_GRACE_MS)).toEqual([faraway.subscriberId]);
    expect(await dueOf(ledger, key, at + DUE_GRACE_MS + 1)).toEqual([faraway.subscriberId, queued.subscriberId]);
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
    const [stored] = await ledger.getDeliveries(key.pageId, key.subject, key.seq, [waiting.subscriberId]);
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
