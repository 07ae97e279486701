import * as z from "zod/mini";
import { type AttemptOutcome, type Exchange, logged } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import { sha256Hex } from "../core/ids.ts";
import { openInvitation } from "../core/invitation.ts";
import type { ProbeWork } from "../core/queued-work.ts";
import { otherReason, type Reason } from "../core/reason.ts";
import type { Subject } from "../core/subject.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import { type Https, POST_BOUNDS, type PostBounds } from "../providers/https.ts";
import type { LetterQueue, ProbeQueue } from "../providers/queues.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { endpointsPerHost } from "../subscriptions/chats.ts";
import { type AdmitProbeDeps, admitProbe, type Prober } from "./admit-probe.ts";
import { signedHeaders } from "./signed-headers.ts";

export interface ProbeDeps {
  subscribers: Pick<SubscriberStore, "get" | "invitationsOf" | "confirmEndpoint" | "saveHealth">;
  ledger: Pick<Ledger, "getDeliveries" | "recordDeliveries">;
  access: Pick<AccessStore, "currentSigningKey"> & AdmitProbeDeps["access"];
  /** Under `PROBE_BOUNDS`. */
  https: Https;
  probes: ProbeQueue;
  letters: LetterQueue;
  clock: Clock;
}

/**
 * A receiver that only has to repeat a text is quick. The longer one may take, the more a stranger's silent endpoints
 * hold up.
 */
export const PROBE_BOUNDS: PostBounds = { ...POST_BOUNDS, connectMs: 3_000, wholeMs: 5_000 };

const MINUTE = 60_000;
/** When to try a host again that another probe is at. */
const BUSY_MS = 5_000;
/**
 * When to post again: a challenge, because its receiver may get its secret only after the first one, and a post that a
 * chat could not take. SQS delays by 15 minutes at most.
 */
const POSTED_AGAIN_AFTER = [MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE] as const;

const NOT_ECHOED = "the answer does not repeat the challenge";
const NO_PLACE = "not confirmed: the host has as many endpoints as it may have";
const OVER: AttemptOutcome = {
  outcome: "unavailable",
  reason: "not posted: this host has had all tries of this hour",
  retryAfterMs: null,
};

/**
 * Posts a challenge, a test or a chat's first post, once, and stores the outcome in the ledger beside the endpoint's
 * deliveries. An endpoint that repeats its challenge is confirmed; one that does not is asked again for an hour. When a
 * chat took its first post, a letter asks its contact whether that was right; when it refused, nobody is asked.
 */
export async function probeEndpoint(work: ProbeWork, deps: ProbeDeps): Promise<void> {
  const wanted = await triedOut(work, deps);
  if (wanted === null) return;
  const { subscriber, by } = wanted;
  const admitted = await admitProbe(subscriber, by, deps);
  if (admitted.outcome === "busy") return deps.probes.sendProbe(work, BUSY_MS);
  const posted = admitted.outcome === "over" ? OVER : await post(work, subscriber, deps).finally(admitted.end);
  const outcome = await confirmIfEchoed(work, subscriber, posted, deps);

  await record(work, outcome, deps);
  if (outcome.outcome === "accepted") {
    if (subscriber.health !== undefined) {
      await deps.subscribers.saveHealth(work.pageId, subscriber.id, subscriber.health, null);
    }
    if (work.letter !== undefined) await deps.letters.sendLetter(work.letter);
    return;
  }
  const delay = isPostedAgain(work, outcome) ? POSTED_AGAIN_AFTER[work.tries] : undefined;
  if (delay !== undefined) await deps.probes.sendProbe({ ...work, tries: work.tries + 1 }, delay);
}

/** An endpoint that repeated its challenge takes one of its host's places; if none is left, it stays unconfirmed. */
async function confirmIfEchoed(
  work: ProbeWork,
  { pageId, id, endpoint }: WebhookSubscriber,
  posted: AttemptOutcome,
  { subscribers, clock }: ProbeDeps,
): Promise<AttemptOutcome> {
  if (work.echo === null || posted.outcome !== "accepted") return posted;
  const confirmed = await subscribers.confirmEndpoint(
    pageId,
    id,
    sha256Hex(work.echo),
    endpointsPerHost(endpoint),
    clock(),
  );
  if (confirmed.outcome !== "full") return posted;
  const { exchange } = posted;
  return { outcome: "rejected", reason: NO_PLACE, ...(exchange === undefined ? {} : { exchange }) };
}

async function post(work: ProbeWork, subscriber: WebhookSubscriber, deps: ProbeDeps): Promise<AttemptOutcome> {
  const key = await deps.access.currentSigningKey(work.pageId);
  const headers = signedHeaders(subscriber, key, work.probeId, work.body, deps.clock());
  const posted = await deps.https.post({ endpoint: subscriber.endpoint, headers, body: work.body });
  return work.echo === null || echoes(posted, work.echo) ? posted : notEchoed(posted);
}

/**
 * The endpoint as the probe must find it; null: it is not wanted any more. When an endpoint is being registered anew,
 * the registration has a secret of its own, and that one signs.
 */
async function triedOut(
  work: ProbeWork,
  { subscribers, clock }: ProbeDeps,
): Promise<{ subscriber: WebhookSubscriber; by: Prober } | null> {
  const { pageId, subscriberId } = work;
  const subscriber = await subscribers.get(pageId, "webhook", subscriberId);
  if (subscriber?.channel !== "webhook") return null;
  if (isWanted(work, subscriber)) return { subscriber, by: subscriber.confirmedAt === null ? "unproven" : "proven" };
  const hash = hashOf(work);
  if (hash === null) return null;
  const invitations = await subscribers.invitationsOf(pageId, "webhook", subscriberId);
  const invitation = openInvitation(subscriber, invitations, hash, clock());
  if (invitation?.registration === undefined) return null;
  const { rotation: _, health: __, ...rest } = subscriber;
  return { subscriber: { ...rest, secretVersion: invitation.registration.secretVersion }, by: "unproven" };
}

/** The stored form of the proof that the probe asks for. */
function hashOf(work: ProbeWork): string | null {
  switch (work.probe) {
    case "challenge":
      return work.echo === null ? null : sha256Hex(work.echo);
    case "hello":
      return work.confirmTokenHash ?? null;
    case "test":
      return null;
  }
}

/**
 * A probe that proves an endpoint is no longer wanted after the confirmation, or after the next registration, which
 * another hash shows.
 */
function isWanted(work: ProbeWork, { state, confirmTokenHash }: WebhookSubscriber): boolean {
  switch (work.probe) {
    case "challenge":
      return state === "unconfirmed" && work.echo !== null && confirmTokenHash === sha256Hex(work.echo);
    case "hello":
      return state === "unconfirmed" && confirmTokenHash === work.confirmTokenHash;
    case "test":
      return state === "active" || state === "quarantined";
  }
}

/**
 * An endpoint that answers 410 wants no challenge, and if the host has no place, another challenge brings none. A chat
 * would refuse again what it refused, unless the trouble was passing.
 */
function isPostedAgain({ probe }: ProbeWork, outcome: AttemptOutcome): boolean {
  switch (probe) {
    case "challenge":
      return outcome.outcome !== "gone" && outcome.outcome !== "rejected";
    case "hello":
      return outcome.outcome === "unknown" || (outcome.outcome === "unavailable" && isPassing(outcome.exchange));
    case "test":
      return false;
  }
}

/**
 * RFC 9110 15.5.9, RFC 6585 4, RFC 8470 5.2 and the 5xx say nothing about the request itself. Without a status there
 * was no answer at all.
 */
function isPassing(exchange: Exchange | undefined): boolean {
  const status = exchange?.status ?? null;
  return status === null || status >= 500 || [408, 425, 429].includes(status);
}

const echoSchema = z.object({ challenge: z.string() });

/** `{"challenge": "..."}`, or the challenge alone. */
function echoes(posted: AttemptOutcome, echo: string): boolean {
  if (posted.outcome !== "accepted") return false;
  const text = posted.exchange?.head ?? "";
  if (text === echo) return true;
  try {
    const parsed = echoSchema.safeParse(JSON.parse(text));
    return parsed.success && parsed.data.challenge === echo;
  } catch {
    return false;
  }
}

function notEchoed(posted: AttemptOutcome): AttemptOutcome {
  if (posted.outcome !== "accepted") return posted;
  const { exchange } = posted;
  const failed = { outcome: "unavailable" as const, reason: NOT_ECHOED, retryAfterMs: null };
  return exchange === undefined ? failed : { ...failed, exchange };
}

async function record(work: ProbeWork, outcome: AttemptOutcome, deps: ProbeDeps): Promise<void> {
  const { pageId, subscriberId, probeId, probe, askedAt } = work;
  const subject: Subject = { kind: "endpoint", id: probeId, probe };
  const [before] = await deps.ledger.getDeliveries(pageId, subject, 0, [subscriberId]);
  const now = deps.clock();
  const { exchange } = outcome;
  const delivery: Delivery = {
    pageId,
    subscriberId,
    subject,
    updateId: probeId,
    seq: 0,
    channel: "webhook",
    chunk: 0,
    // Never open: sweep must not take it for an update's delivery.
    state: outcome.outcome === "accepted" ? "accepted" : "failed",
    attempts: (before?.attempts ?? 0) + 1,
    unknownOutcomes: 0,
    providerId: null,
    reason: reasonOf(outcome),
    committedAt: askedAt,
    firstAttemptAt: before?.firstAttemptAt ?? now,
    updatedAt: now,
    nextAttemptAt: null,
    leaseUntil: null,
    ...(exchange === undefined ? {} : { exchanges: logged(before?.exchanges, exchange) }),
  };
  await deps.ledger.recordDeliveries([delivery]);
}

function reasonOf(outcome: AttemptOutcome): Reason | null {
  switch (outcome.outcome) {
    case "accepted":
      return null;
    case "rejected":
    case "gone":
    case "unavailable":
    case "unknown":
    case "sender problem":
    case "refused":
      return otherReason(outcome.reason);
    case "throttled":
    case "quota exhausted":
      return outcome.outcome;
  }
}
