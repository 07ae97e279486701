import { randomBytes } from "node:crypto";
import { expect, inject, it } from "vitest";
import type { ChunkKey } from "../../functions/core/chunk.ts";
import { type Delivery, NO_COUNTS } from "../../functions/core/delivery.ts";
import { otherReason } from "../../functions/core/reason.ts";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import { contractClient, describeOnDynamo } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

const LEASE = 65_000;

describeOnDynamo("ledger whose every call is sent twice, as the SDK does when an answer got lost", (server) => {
  function twice() {
    const client = contractClient(inject("dynamoEndpoint") ?? "");
    client.middlewareStack.add(
      (next) => async (call) => {
        await next(call);
        return next(call);
      },
      // Below the repeats' own loop, so that both carry the same request token.
      { step: "finalizeRequest", name: "twice", priority: "low" },
    );
    return dynamoLedger({ client, table: server().tables.deliveries, random: randomBytes });
  }

  const aKey = (): ChunkKey => ({
    pageId: anId(),
    subject: { kind: "incident", id: anId() },
    updateId: anId(),
    seq: 1,
    channel: "webhook",
    chunk: 0,
    of: 1,
  });

  it("claims, counts, finishes and queues once", async () => {
    const ledger = twice();
    const key = aKey();
    expect(await ledger.requeueChunk(key, NOW, NOW - 5 * 60_000)).toBe(1);
    const claim = await ledger.claimChunk(key, 1, NOW, NOW + LEASE);
    expect(claim).toMatchObject({ outcome: "claimed", chunk: { attempt: 1, resend: 1 } });
    const progress = {
      counts: { ...NO_COUNTS, accepted: 2 },
      retrying: [],
      histogram: { "10": 2 },
      slowestMs: 3,
      firstAcceptedAt: NOW + 1,
      lastAcceptedAt: NOW + 3,
    };
    expect(await ledger.openWindow(key, 1, [anId()], [])).toEqual({ outcome: "saved" });
    expect(await ledger.closeWindow(key, 1, progress, "0a#x")).toEqual({ outcome: "saved" });
    expect(await ledger.getChunks([key])).toMatchObject([
      { counts: { ...NO_COUNTS, accepted: 2 }, histogram: { "10": 2 }, window: [] },
    ]);
    expect(await ledger.finishChunk(key, 1)).toEqual({ outcome: "saved" });
  });

  it("changes a delivery once, and knows that it did", async () => {
    const ledger = twice();
    const key = aKey();
    const waiting: Delivery = {
      pageId: key.pageId,
      subscriberId: anId(),
      subject: key.subject,
      updateId: key.updateId,
      seq: 1,
      channel: "webhook",
      chunk: 0,
      state: "retrying",
      attempts: 2,
      unknownOutcomes: 0,
      providerId: null,
      reason: otherReason("timeout"),
      committedAt: NOW,
      firstAttemptAt: NOW,
      updatedAt: NOW,
      nextAttemptAt: NOW,
      leaseUntil: null,
    };
    await ledger.claimChunk(key, 0, NOW, NOW + LEASE);
    await ledger.recordDeliveries([waiting]);
    const counts = { ...NO_COUNTS, open: 1, retried: 1 };
    const idle = { histogram: {}, slowestMs: 0, firstAcceptedAt: null, lastAcceptedAt: null };
    await ledger.closeWindow(key, 1, { counts, retrying: [waiting.subscriberId], ...idle }, null);
    const sending: Delivery = {
      ...waiting,
      state: "sending",
      attempts: 3,
      nextAttemptAt: null,
      leaseUntil: NOW + LEASE,
    };
    expect(await ledger.changeDelivery(waiting, sending, null)).toEqual({ outcome: "saved" });
    const accepted: Delivery = { ...sending, state: "accepted", leaseUntil: null };
    expect(await ledger.changeDelivery(sending, accepted, 40)).toEqual({ outcome: "saved" });
    expect(await ledger.getChunks([key])).toMatchObject([
      { counts: { ...NO_COUNTS, accepted: 1, retried: 1 }, retrying: [] },
    ]);
  });
});
