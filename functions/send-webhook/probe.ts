import * as z from "zod/mini";
import type { AttemptOutcome } from "../core/attempt.ts";
import { logged } from "../core/attempt.ts";
import type { Clock } from "../core/clock.ts";
import type { Delivery } from "../core/delivery.ts";
import { sha256Hex } from "../core/ids.ts";
import type { ProbeWork } from "../core/queued-work.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import type { Https } from "../providers/https.ts";
import type { ProbeQueue } from "../providers/queues.ts";
import type { AccessStore } from "../store/access.ts";
import type { Ledger } from "../store/deliveries.ts";
import type { SubscriberStore } from "../store/subscribers.ts";
import { signedHeaders } from "./signed-headers.ts";

export interface ProbeDeps {
  subscribers: Pick<SubscriberStore, "get" | "confirm" | "saveHealth">;
  ledger: Pick<Ledger, "getDeliveries" | "recordDeliveries">;
  access: Pick<AccessStore, "currentSigningKey">;
  https: Https;
  probes: ProbeQueue;
  clock: Clock;
}

const MINUTE = 60_000;
/** When a challenge is posted again, whose receiver may be told its secret only now. SQS delays by 15 minutes at most. */
const CHALLENGE_DELAYS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE] as const;

const NOT_ECHOED = "the answer does not repeat the challenge";

/**
 * Posts a challenge, a test or a chat's first post, once, and keeps the outcome in the ledger beside the endpoint's
 * deliveries. An endpoint that repeats its challenge is confirmed; one that does not is asked again for an hour.
 */
export async function probeEndpoint(work: ProbeWork, deps: ProbeDeps): Promise<void> {
  const subscriber = await deps.subscribers.get(work.pageId, "webhook", work.subscriberId);
  if (subscriber?.channel !== "webhook" || !isWanted(work, subscriber)) return;
  const key = await deps.access.currentSigningKey(work.pageId);
  const headers = signedHeaders(subscriber, key, work.probeId, work.body, deps.clock());
  const posted = await deps.https.post({ endpoint: subscriber.endpoint, headers, body: work.body });
  const outcome = work.echo === null || echoes(posted, work.echo) ? posted : notEchoed(posted);

  await record(work, outcome, deps);
  if (outcome.outcome === "accepted") {
    if (work.echo !== null) {
      await deps.subscribers.confirm(work.pageId, "webhook", subscriber.id, sha256Hex(work.echo), deps.clock());
    }
    if (subscriber.health !== undefined) {
      await deps.subscribers.saveHealth(work.pageId, subscriber.id, subscriber.health, null);
    }
    return;
  }
  const delay = work.probe === "challenge" ? CHALLENGE_DELAYS[work.tries] : undefined;
  if (delay !== undefined) await deps.probes.sendProbe({ ...work, tries: work.tries + 1 }, delay);
}

/** A challenge ends with the confirmation, and with the next challenge, which another hash tells of. */
function isWanted({ probe, echo }: ProbeWork, { state, confirmTokenHash }: WebhookSubscriber): boolean {
  switch (probe) {
    case "challenge":
      return state === "unconfirmed" && echo !== null && confirmTokenHash === sha256Hex(echo);
    case "hello":
      return state === "unconfirmed";
    case "test":
      return state !== "unsubscribed";
  }
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
  const [before] = await deps.ledger.getDeliveries(pageId, probeId, 0, [subscriberId]);
  const now = deps.clock();
  const { exchange } = outcome;
  const delivery: Delivery = {
    pageId,
    subscriberId,
    incidentId: probeId,
    updateId: probeId,
    seq: 0,
    channel: "webhook",
    chunk: 0,
    // Never open: sweep must not take it for an update's.
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
    probe,
    ...(exchange === undefined ? {} : { exchanges: logged(before?.exchanges, exchange) }),
  };
  await deps.ledger.recordDeliveries([delivery]);
}

function reasonOf(outcome: AttemptOutcome): string | null {
  switch (outcome.outcome) {
    case "accepted":
      return null;
    case "rejected":
    case "gone":
    case "unavailable":
    case "unknown":
    case "sender problem":
    case "refused":
      return outcome.reason;
    case "throttled":
    case "quota exhausted":
      return outcome.outcome;
  }
}
