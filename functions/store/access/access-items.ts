import * as z from "zod/mini";
import { PERMIT_DAY_MS, type Permits, permitsSchema } from "../../core/permit.ts";
import { type SenderProblem, senderProblemSchema } from "../../core/sender-problem.ts";
import type { Key } from "../table.ts";
import type { Limit, SendSchedule } from "./access-store.ts";

/**
 * The kinds of items, each with the pattern of its partition keys: IAM's `dynamodb:LeadingKeys` grants a role one kind
 * and not the others.
 */
export const ACCESS_ITEMS = ["signingKeys", "schedules", "counters", "permits", "requests", "turns"] as const;
export type AccessItems = (typeof ACCESS_ITEMS)[number];
export const LEADING_KEYS: Readonly<Record<AccessItems, string>> = {
  signingKeys: "PAGE#*#SIGNING",
  schedules: "SCHEDULE#*",
  counters: "COUNTER#*",
  permits: "PERMITS#*",
  requests: "PAGE#*#IDEMPOTENCY#*",
  turns: "TURN#*",
};

export function signingPartition(pageId: string): string {
  return `PAGE#${pageId}#SIGNING`;
}

export function signingKeyKey(pageId: string, version: number): Key {
  return { pk: signingPartition(pageId), sk: `KEY#${String(version).padStart(6, "0")}` };
}

/** An old page may have none: pages did not always come with a key, and this one has never sent anything. */
export function noSigningKey(pageId: string): string {
  return `page ${pageId} has no signing key: "npm run keys -- list" makes one`;
}

export const signingKeySchema = z.object({ version: z.number(), key: z.instanceof(Uint8Array) });

/** A schedule, or one of the lanes of a fast one, which holds slots and nothing else. */
export type ScheduleLane = SendSchedule | `${SendSchedule}#${number}`;

export function scheduleKey(lane: ScheduleLane): Key {
  return { pk: `SCHEDULE#${lane}`, sk: "SCHEDULE" };
}

/** A later version may have stored a problem that this one does not know. Sending must not end because of it. */
const UNKNOWN_PROBLEM = "request not understood" satisfies SenderProblem;

/** Any attribute may be missing: different writers set rate, slots and pause. */
export const scheduleItemSchema = z.object({
  /** When the next free slot begins. */
  tat: z.optional(z.number()),
  pausedUntil: z.optional(z.number()),
  perSecond: z.optional(z.number()),
  leftToday: z.optional(z.nullable(z.number())),
  perDay: z.optional(z.number()),
  /** Present together. */
  problem: z.optional(z.catch(senderProblemSchema, UNKNOWN_PROBLEM)),
  problemSince: z.optional(z.number()),
  probeAt: z.optional(z.number()),
});
export type ScheduleItem = z.infer<typeof scheduleItemSchema>;

/** Counters stay a day longer than they count, so that people can look them up. */
const COUNTER_KEPT_MS = 24 * 60 * 60 * 1_000;

/** The stretch of time that `now` lies in: its counter's key, its end, and when DynamoDB may delete the counter. */
export function counterWindow(counter: string, { windowMs }: Limit, now: number) {
  const index = Math.floor(now / windowMs);
  const until = (index + 1) * windowMs;
  const key: Key = { pk: `COUNTER#${counter}`, sk: `${windowMs}#${index}` };
  return { key, until, expiresAt: Math.ceil((until + COUNTER_KEPT_MS) / 1_000) };
}

export function permitsKey(mac: string): Key {
  return { pk: `PERMITS#${mac}`, sk: "PERMITS" };
}

export const permitsItemSchema = z.extend(permitsSchema, { version: z.number() });

/**
 * When DynamoDB may delete them: a day after the last letter. Undefined: the mark that a contact got its letter stays
 * for ever.
 */
export function permitsExpireAt({ contact }: Permits, now: number): number | undefined {
  return contact === null ? Math.ceil((now + PERMIT_DAY_MS) / 1_000) : undefined;
}

/** The clock of the letters' share. */
export const SHARE_KEY: Key = { pk: "PERMITS#share", sk: "SHARE" };
export const shareItemSchema = z.object({ tat: z.number() });

export const counterItemSchema = z.object({ count: z.number() });

/** A turn's item stays for a while: the next turn is likely to come soon. */
export const TURN_KEPT_MS = 60 * 60 * 1_000;

export function turnKey(turn: string): Key {
  return { pk: `TURN#${turn}`, sk: "TURN" };
}

export function idempotencyKey(pageId: string, keyHash: string): Key {
  return { pk: `PAGE#${pageId}#IDEMPOTENCY#${keyHash}`, sk: "REQUEST" };
}

export const idempotencyItemSchema = z.discriminatedUnion("state", [
  z.object({ state: z.literal("running"), requestHash: z.string(), seed: z.string(), leaseUntil: z.number() }),
  z.object({ state: z.literal("done"), requestHash: z.string(), status: z.number(), body: z.string() }),
]);

/** A run that has not answered by then counts as dead: an API call ends within 30 s (API Gateway's limit). */
export const RUN_LEASE_MS = 60_000;
export const IDEMPOTENCY_TTL_MS = 24 * 60 * 60 * 1_000;
