import { expect, it } from "vitest";
import type { ChunkKey } from "../../functions/core/chunk.ts";
import { countDeliveries, type Delivery, isOpen } from "../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../functions/core/latency.ts";
import type { UpdateNotice } from "../../functions/core/notice.ts";
import { otherReason } from "../../functions/core/reason.ts";
import { partOf, updateReport } from "../../functions/core/report.ts";
import type { Ledger } from "../../functions/store/deliveries/ledger.ts";
import { aChunkKey, aDelivery, dynamoSubject, LEASE, memorySubject, retrying } from "./ledger-subject.ts";
import { describeOnBoth } from "./on-both.ts";
import { NOW } from "./samples.ts";

/** As many as sums are kept for. */
const OF = 1_000;

describeOnBoth("ledger: sums of a large update", { memory: memorySubject, dynamo: dynamoSubject }, (subject) => {
  async function windowOf(ledger: Ledger, key: ChunkKey, deliveries: readonly Delivery[]): Promise<number> {
    const claim = await ledger.claimChunk(key, 0, NOW, NOW + LEASE);
    if (claim.outcome === "lost") throw new Error(claim.why);
    const { attempt } = claim.chunk;
    await ledger.recordDeliveries(deliveries);
    const times = deliveries.filter(({ state }) => state === "accepted").map(({ updatedAt }) => updatedAt);
    const progress = {
      counts: countDeliveries(deliveries),
      retrying: deliveries.filter(({ state }) => isOpen(state)).map(({ subscriberId }) => subscriberId),
      histogram: times.reduce<Histogram>((sum, time) => addTo(sum, time - NOW), {}),
      slowestMs: Math.max(0, ...times.map((time) => time - NOW)),
      firstAcceptedAt: times.length === 0 ? null : Math.min(...times),
      lastAcceptedAt: times.length === 0 ? null : Math.max(...times),
    };
    expect(await ledger.closeWindow(key, attempt, progress, null)).toEqual({ outcome: "saved" });
    return attempt;
  }

  /** The report from the sums is that from all chunks that are done. */
  async function expectTheSame(ledger: Ledger, key: ChunkKey) {
    const { pageId, updateId, channel } = key;
    const notice: UpdateNotice = {
      kind: "update",
      pageId,
      subject: { kind: "incident", id: key.subject.id },
      updateId,
      seq: 1,
      state: "planned",
      committedAt: NOW,
      plannedAt: NOW,
      plan: { email: OF, sms: 0, webhook: 0 },
    };
    const chunks = (await ledger.listChunks(pageId, updateId, channel)).filter(({ state }) => state === "done");
    const sums = await ledger.getSums(pageId, updateId, channel);
    const [bySums, byChunks] = [sums, chunks.map(partOf)].map((parts) => updateReport(notice, parts, NOW + 60_000));
    expect(bySums).toEqual(byChunks);
    return bySums?.channels.email;
  }

  it("are those of all chunks that are done, whatever becomes of their deliveries later", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ chunk: 0, of: OF });
    // The first and the last lie in the same partition.
    const keys = [key, { ...key, chunk: 1 }, { ...key, chunk: 32 }];
    const waiting = keys.map((each) => retrying(each));
    const accepted = keys.map((each, index) => aDelivery(each, { updatedAt: NOW + 200 * (index + 1) }));
    const attempts: number[] = [];
    for (const [index, each] of keys.entries()) {
      const own = [waiting[index], accepted[index]].flatMap((delivery) => delivery ?? []);
      attempts.push(await windowOf(ledger, each, own));
    }
    expect(await expectTheSame(ledger, key)).toMatchObject({ chunksDone: 0, audience: 0 });
    for (const [index, each] of keys.entries()) {
      expect(await ledger.finishChunk(each, attempts[index] ?? 0)).toEqual({ outcome: "saved" });
      expect(await ledger.finishChunk(each, attempts[index] ?? 0)).toEqual({ outcome: "lost" });
    }
    expect(await expectTheSame(ledger, key)).toMatchObject({ chunksDone: 3, audience: 6, maxMs: 600 });

    const [retried, , other] = waiting;
    const [bounced] = accepted;
    if (retried === undefined || other === undefined || bounced === undefined) throw new Error("there are three");
    const told = { ...retried, state: "accepted", attempts: 2, updatedAt: NOW + 9_000, nextAttemptAt: null } as const;
    expect(await ledger.changeDelivery(retried, told, 9_000)).toEqual({ outcome: "saved" });
    expect(await ledger.changeDelivery(retried, told, 9_000)).toEqual({ outcome: "lost" });
    const gone = { ...bounced, state: "failed", reason: otherReason("bounced") } as const;
    expect(await ledger.changeDelivery(bounced, gone, null)).toEqual({ outcome: "saved" });
    const email = await expectTheSame(ledger, key);
    expect(email).toMatchObject({ counts: { accepted: 3, failed: 1, open: 2, retried: 1 }, maxMs: 9_000 });
  });

  it("have what a retry became while its chunk was being finished, once", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ chunk: 5, of: OF });
    const open = Array.from({ length: 6 }, () => retrying(key));
    const attempt = await windowOf(ledger, key, open);
    const ends = open.map((from) =>
      ledger.changeDelivery(from, { ...from, state: "failed", nextAttemptAt: null, updatedAt: NOW + 500 }, null),
    );
    const [finished, ...changed] = await Promise.all([ledger.finishChunk(key, attempt), ...ends]);
    expect([finished, ...changed].map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => "saved"));
    expect(await expectTheSame(ledger, key)).toMatchObject({ counts: { failed: 6, open: 0 }, chunksDone: 1 });
  });

  it("are not kept where there are few chunks, which are read one by one", async () => {
    const { ledger } = subject();
    const key = aChunkKey({ chunk: 0, of: OF - 1 });
    await ledger.finishChunk(key, await windowOf(ledger, key, [aDelivery(key)]));
    expect(await ledger.getSums(key.pageId, key.updateId, "email")).toEqual([]);
  });
});
