import type { Clock } from "../core/clock.ts";
import { sha256Hex } from "../core/ids.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import type { AccessStore } from "../store/access.ts";
import { isChat } from "../subscriptions/chats.ts";
import { probeHostOf } from "./probe-host.ts";

export interface AdmitProbeDeps {
  access: Pick<AccessStore, "count" | "takeTurn" | "endTurn">;
  clock: Clock;
}

const HOUR_MS = 60 * 60 * 1_000;

/** What anybody can have posted at somebody's hosts, whatever was asked for: five endpoints with a whole challenge each. */
const UNPROVEN = { most: 30, windowMs: HOUR_MS };
/** Many people share a chat's hosts, and whoever has a hook's address may post there anyway. */
const UNPROVEN_AT_CHATS = { most: 300, windowMs: HOUR_MS };
/** Endpoints that proved whose they are, and whose contacts try them out. Counted apart, so that strangers take nothing of it. */
const PROVEN = { most: 120, windowMs: HOUR_MS };

/** Somewhat longer than a probe may take (see `PROBE_BOUNDS`): a sender that died holds its host no longer. */
const TURN_MS = 10_000;

export type ProbeAdmission =
  /** It may be posted; `end` when that is over. */
  | { outcome: "go"; end: () => Promise<void> }
  /** Another probe is at this host: one at a time. */
  | { outcome: "busy" }
  /** The host has had its probes of this hour. */
  | { outcome: "over" };

/**
 * Every post that somebody can cause at a host without being its customer passes here, right before it is made: first
 * challenges and repeated ones, first posts to chats, tests. So nothing goes round it, whatever queued it.
 */
export async function admitProbe(
  subscriber: WebhookSubscriber,
  { access, clock }: AdmitProbeDeps,
): Promise<ProbeAdmission> {
  const { pageId, endpoint } = subscriber;
  const host = sha256Hex(probeHostOf(endpoint));
  const turn = `${pageId}|probe|${host}`;
  const now = clock();
  const until = now + TURN_MS;
  if (!(await access.takeTurn(turn, now, until))) return { outcome: "busy" };
  const [who, limit] = isProven(subscriber)
    ? (["proven", PROVEN] as const)
    : (["unproven", isChat(endpoint) ? UNPROVEN_AT_CHATS : UNPROVEN] as const);
  const counted = await access.count(`${pageId}|probes|${who}|${host}`, limit, now);
  if (counted.outcome === "counted") return { outcome: "go", end: () => access.endTurn(turn, until) };
  await access.endTurn(turn, until);
  return { outcome: "over" };
}

/** That it was proved once says nothing of who has registered it since. */
function isProven({ state, confirmedAt }: WebhookSubscriber): boolean {
  return confirmedAt !== null && (state === "active" || state === "quarantined");
}
