import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

/**
 * Who brought a letter (a mail or SMS that belongs to no update) about. Whatever is not an operator's needs a permit:
 * - `anybody`: somebody who knows an address, or claims one.
 * - `own link`: somebody who holds a link that was sent to the address. Links are forwarded, and leak.
 * - `endpoint failing`: an endpoint that was registered with the address as its contact.
 */
export const letterCauseSchema = z.enum(["anybody", "own link", "endpoint failing", "operator"]);
export type LetterCause = z.infer<typeof letterCauseSchema>;

/** What a letter asks or says, as far as permits distinguish letters. */
const letterKindSchema = z.enum(["confirmation", "manage link", "contact", "farewell", "quarantine"]);
export type LetterKind = z.infer<typeof letterKindSchema>;

export interface LetterRequest {
  /** The letter's id. A queue may bring the same letter twice: it must neither count twice nor refuse itself. */
  letterId: string;
  kind: LetterKind;
  cause: LetterCause;
  /** For `contact` letters: the address has opened a link of its own, or an operator has vouched for it. */
  isProven: boolean;
}

const markSchema = z.object({
  letterId: z.string(),
  kind: letterKindSchema,
  cause: letterCauseSchema,
  at: z.number(),
});

const digestSchema = z.object({
  dueAt: z.number(),
  endpoints: z.array(z.object({ subscriberId: idSchema, failingSince: z.number(), reason: z.string() })),
});
export type Digest = z.infer<typeof digestSchema>;

/**
 * What is remembered of a mailbox or number: the letters of the last day, and how it stands to the endpoints that name
 * it.
 */
export const permitsSchema = z.object({
  letters: z.array(markSchema),
  /** `told`: the one letter went out, and nobody has opened its link yet. It stays so for ever, or until `proven`. */
  contact: z.nullable(
    z.discriminatedUnion("is", [
      z.object({ is: z.literal("told"), letterId: z.string() }),
      z.object({ is: z.literal("proven") }),
    ]),
  ),
  /** Endpoints in quarantine that one mail will name to a contact. What fails within the hour is one trouble. */
  digest: z.optional(digestSchema),
});
export type Permits = z.infer<typeof permitsSchema>;

export const NO_PERMITS: Permits = { letters: [], contact: null };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const PERMIT_DAY_MS = 24 * HOUR;

interface Rule {
  most: number;
  withinMs: number;
  /**
   * What is counted together: each kind by itself, all of them, or all but farewells, which then have their own share.
   */
  each: "kind" | "all" | "all but farewells";
}

/** What one mailbox gets at most, by what caused it. The stretches roll: they do not follow the clock. */
export const MAIL_RULES = {
  anybody: [
    // Per kind: a link to manage does not wait for the confirmation before it.
    { most: 1, withinMs: 10 * MINUTE, each: "kind" },
    { most: 3, withinMs: PERMIT_DAY_MS, each: "all" },
  ],
  "own link": [
    { most: 3, withinMs: PERMIT_DAY_MS, each: "all" },
    // One is kept for a farewell: nobody who reads the same mailbox is unsubscribed without hearing of it.
    { most: 2, withinMs: PERMIT_DAY_MS, each: "all but farewells" },
  ],
  // One digest an hour; the rest is for the queue's unpunctuality.
  "endpoint failing": [{ most: 1, withinMs: 30 * MINUTE, each: "all" }],
} as const satisfies Record<Exclude<LetterCause, "operator">, readonly Rule[]>;

export const SMS_RULES = {
  anybody: [
    { most: 1, withinMs: MINUTE, each: "kind" },
    { most: 5, withinMs: PERMIT_DAY_MS, each: "all" },
  ],
  "own link": [
    { most: 1, withinMs: MINUTE, each: "kind" },
    { most: 5, withinMs: PERMIT_DAY_MS, each: "all" },
  ],
  "endpoint failing": [],
} as const satisfies Record<Exclude<LetterCause, "operator">, readonly Rule[]>;

export type PermitRules = Record<Exclude<LetterCause, "operator">, readonly Rule[]>;

export type Permission =
  | { outcome: "permitted"; next: Permits }
  /** It was permitted before, and perhaps not sent. */
  | { outcome: "repeated" }
  | { outcome: "refused"; why: "enough lately" | "enough for a day" | "contact not proven" };

/** Whether a mailbox or number may get one more letter. */
export function permit(known: Permits, request: LetterRequest, rules: PermitRules, now: number): Permission {
  const { letterId, kind, cause, isProven } = request;
  if (known.letters.some((letter) => letter.letterId === letterId)) return { outcome: "repeated" };
  const letters = known.letters.filter(({ at }) => at > now - PERMIT_DAY_MS);
  const introduces = kind === "contact" && !isProven && known.contact?.is !== "proven";
  if (introduces && known.contact?.is === "told") {
    return known.contact.letterId === letterId
      ? { outcome: "repeated" }
      : { outcome: "refused", why: "contact not proven" };
  }
  const limits = cause === "operator" ? [] : rules[cause];
  for (const { most, withinMs, each } of limits) {
    if (each === "all but farewells" && kind === "farewell") continue;
    const counted = letters.filter(
      (letter) => letter.cause === cause && letter.at > now - withinMs && countsTogether(letter.kind, kind, each),
    );
    if (counted.length >= most) {
      return { outcome: "refused", why: withinMs < PERMIT_DAY_MS ? "enough lately" : "enough for a day" };
    }
  }
  const contact = introduces ? ({ is: "told", letterId } as const) : known.contact;
  const { digest } = known;
  const next = { letters: [...letters, { letterId, kind, cause, at: now }], contact };
  return { outcome: "permitted", next: digest === undefined ? next : { ...next, digest } };
}

function countsTogether(one: LetterKind, other: LetterKind, each: Rule["each"]): boolean {
  switch (each) {
    case "kind":
      return one === other;
    case "all":
      return true;
    case "all but farewells":
      return one !== "farewell";
  }
}

/**
 * The share of the daily mail quota for all letters that strangers can cause. A flood of them must leave the rest for
 * updates.
 */
export const LETTERS_SHARE = 0.25;

/**
 * What one letter uses up of the share, as time. The share's clock may run at most a day ahead of ours, and each letter
 * moves it on by this. So at most half of the share goes out at once, and never more than the share within 24 hours.
 */
export function shareSpacing(perDay: number): number {
  const half = (perDay * LETTERS_SHARE) / 2;
  return half < 1 ? Number.POSITIVE_INFINITY : Math.ceil((PERMIT_DAY_MS / half) * 1_000) / 1_000;
}

export const DIGEST_AFTER_MS = HOUR;
/** This long after it was due, a digest's work is taken to be lost. */
const DIGEST_LOST_AFTER_MS = HOUR;
/** An item has its limits, and nobody reads more. */
const DIGEST_HOLDS = 100;

/**
 * The digest with one more endpoint. `isOpened`: the caller must have it sent when it is due, because this is its first
 * endpoint (or comes again as the first), or because nobody sent it.
 */
export function withEndpoint(
  before: Digest | undefined,
  endpoint: Digest["endpoints"][number],
  now: number,
): { digest: Digest; isOpened: boolean } {
  if (before === undefined || before.dueAt + DIGEST_LOST_AFTER_MS < now) {
    const kept = (before?.endpoints ?? []).filter(({ subscriberId }) => subscriberId !== endpoint.subscriberId);
    return { digest: { dueAt: now + DIGEST_AFTER_MS, endpoints: [...kept, endpoint] }, isOpened: true };
  }
  const at = before.endpoints.findIndex(({ subscriberId }) => subscriberId === endpoint.subscriberId);
  const endpoints = at === -1 ? [...before.endpoints, endpoint].slice(0, DIGEST_HOLDS) : before.endpoints;
  return { digest: { dueAt: before.dueAt, endpoints }, isOpened: at === 0 };
}
