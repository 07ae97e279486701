import * as z from "zod/mini";

/** `mailFrom` of the settings is null. */
export const NO_SENDER_SET = "no mail sender set";

/**
 * What may be wrong with us, and keeps work open until it is mended. An update's report says `paused: <one of these>`.
 * None of them names an address: they are logged, and everybody who may read incidents sees them.
 */
export const senderProblemSchema = z.enum([
  NO_SENDER_SET,
  "sender identity not verified",
  "MAIL FROM domain not verified",
  "configuration set missing",
  "configuration set paused",
  "account paused",
  "account in the sandbox",
  "credentials refused",
  "not permitted",
  "service not enabled",
  "encryption key unavailable",
  "sender settings refused",
  "request not understood",
  "no origination identity",
  "country not enabled",
  "SMS spending quota used up",
  "queue or topic missing",
  "provider cannot be reached",
]);
export type SenderProblem = z.infer<typeof senderProblemSchema>;

/** What everything waits for that is held back because of us. */
const pauseSchema = z.enum([...senderProblemSchema.options, "daily quota used up"]);
export type Pause = z.infer<typeof pauseSchema>;

const PAUSED = "paused: ";
export const pausedSchema = z.templateLiteral([PAUSED, pauseSchema]);
export type Paused = z.infer<typeof pausedSchema>;

/** Why a delivery waits that is held back because of us. */
export function pausedBy(problem: Pause): Paused {
  return `${PAUSED}${problem}`;
}

/** What a delivery waits for that is held back because of us; null if its reason says something else. */
export function pauseOf(reason: string | null): string | null {
  return reason?.startsWith(PAUSED) ? reason.slice(PAUSED.length) : null;
}

/**
 * While a problem of everybody's lasts, one send in this time finds out whether it is over. It is shorter than the
 * minute between two sweeps, so that each sweep may try.
 */
export const PROBE_EVERY_MS = 50_000;
/** How long that one send keeps the others waiting: a little longer than it can take (15 s). */
export const PROBE_MS = 20_000;

/**
 * How often we look at a problem that concerns one recipient only (an address that the sandbox does not let through).
 */
export const HELD_RECHECK_MS = 60 * 60_000;
