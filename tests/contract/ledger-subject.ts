import { randomBytes } from "node:crypto";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import type { ChunkKey, ChunkProgress } from "../../functions/core/chunk.ts";
import { countDeliveries, type Delivery, isOpen } from "../../functions/core/delivery.ts";
import { addTo, type Histogram } from "../../functions/core/latency.ts";
import type { Notice } from "../../functions/core/notice.ts";
import { otherReason } from "../../functions/core/reason.ts";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import type { Ledger } from "../../functions/store/deliveries/ledger.ts";
import { noticeItem } from "../../functions/store/deliveries/notice-item.ts";
import { toItem } from "../../functions/store/table.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import type { Server } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

export interface LedgerSubject {
  ledger: Ledger;
  /** What the status store's transaction does. */
  putNotice(notice: Notice): Promise<void>;
}

export function memorySubject(): LedgerSubject {
  const ledger = memoryLedger();
  return { ledger, putNotice: async (notice) => ledger.putNotice(notice) };
}

export function dynamoSubject({ client, tables }: Server): LedgerSubject {
  return {
    ledger: dynamoLedger({ client, table: tables.deliveries, random: randomBytes }),
    async putNotice(notice) {
      await client.send(new PutItemCommand({ TableName: tables.deliveries, Item: toItem(noticeItem(notice)) }));
    },
  };
}

export const LEASE = 65_000;
export const FIVE_MINUTES = 5 * 60_000;

export function aChunkKey(overrides: Partial<ChunkKey> = {}): ChunkKey {
  return {
    pageId: anId(),
    subject: { kind: "incident", id: anId() },
    updateId: anId(),
    seq: 1,
    channel: "email",
    chunk: 3,
    of: 8,
    ...overrides,
  };
}

export function aDelivery(key: ChunkKey, overrides: Partial<Delivery> = {}): Delivery {
  return {
    pageId: key.pageId,
    subscriberId: anId(),
    subject: key.subject,
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

export function retrying(key: ChunkKey, overrides: Partial<Delivery> = {}): Delivery {
  return aDelivery(key, {
    state: "retrying",
    providerId: null,
    reason: otherReason("timeout"),
    nextAttemptAt: NOW + 30_000,
    ...overrides,
  });
}

export function progressOf(deliveries: readonly Delivery[], latencies: readonly number[] = []): ChunkProgress {
  return {
    counts: countDeliveries(deliveries),
    retrying: deliveries.filter(({ state }) => isOpen(state)).map(({ subscriberId }) => subscriberId),
    histogram: latencies.reduce<Histogram>(addTo, {}),
    slowestMs: Math.max(0, ...latencies),
    firstAcceptedAt: latencies.length === 0 ? null : NOW + Math.min(...latencies),
    lastAcceptedAt: latencies.length === 0 ? null : NOW + Math.max(...latencies),
  };
}

export async function claimed(ledger: Ledger, key: ChunkKey, now = NOW, resend = 0) {
  const claim = await ledger.claimChunk(key, resend, now, now + LEASE);
  if (claim.outcome === "lost") throw new Error(`lost: ${claim.why}`);
  return claim.chunk;
}

export async function only(ledger: Ledger, key: ChunkKey) {
  const [chunk] = await ledger.getChunks([key]);
  if (chunk === undefined) throw new Error("no such chunk");
  return chunk;
}

/** A chunk whose window was recorded and counted, with these deliveries in it. */
export async function counted(ledger: Ledger, key: ChunkKey, deliveries: readonly Delivery[]) {
  const { attempt } = await claimed(ledger, key);
  await ledger.recordDeliveries(deliveries);
  expect(await ledger.closeWindow(key, attempt, progressOf(deliveries), null)).toEqual({ outcome: "saved" });
  expect(await ledger.finishChunk(key, attempt)).toEqual({ outcome: "saved" });
}
