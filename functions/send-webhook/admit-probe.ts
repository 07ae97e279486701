import type { Clock } from "../core/clock.ts";
import { sha256Hex } from "../core/ids.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import type { AccessStore, Limit } from "../store/access/access-store.ts";
import { isChat } from "../subscriptions/chats.ts";
import { probeHostOf } from "./probe-host.ts";

export interface AdmitProbeDeps {
  access: Pick<AccessStore, "count" | "takeTurn" | "endTurn">;
  clock: Clock;
}

const HOUR_MS = 60 * 60 * 1_000;

/**
 * How many posts anybody can cause at somebody's hosts, whatever they ask for: five endpoints with a whole challenge
 * each.
 */
const UNPROVEN = { most: 30, windowMs: HOUR_MS };
/** Many people share a chat's hosts, and anybody with a hook's address may post there anyway. */
const UNPROVEN_AT_CHATS = { most: 300, windowMs: HOUR_MS };
/**
 * Posts to endpoints whose owners have proved that they are theirs, and whose contacts try them out. They have a count
 * of their own, so that strangers take nothing of it.
 */
const PROVEN = { most: 120, windowMs: HOUR_MS };

/** A little longer than a probe may take (see `PROBE_BOUNDS`): a sender that died holds its host no longer. */
const TURN_MS = 10_000;

/**
 * `proven`: somebody who has proved that the endpoint is theirs has it tried out, also to bring it back from a
 * quarantine or an unsubscription. `unproven`: somebody registers it, perhaps beside an endpoint that somebody else has
 * proved.
 */
export type Prober = "proven" | "unproven";

export type ProbeAdmission =
  /** It may be posted; call `end` when that is over. */
  | { outcome: "go"; end: () => Promise<void> }
  /** Another probe is at this host: one at a time. */
  | { outcome: "busy" }
  /** The host has had its probes of this hour. */
  | { outcome: "over" };

/**
 * Every post that somebody can cause at a host without being its customer passes here, right before it is made: first
 * challenges and repeated ones, first posts to chats, tests. Nothing goes round it, whatever queued it. `by`: see
 * `Prober`.
 */
export async function admitProbe(
  { pageId, endpoint }: Pick<WebhookSubscriber, "pageId" | "endpoint">,
  by: Prober,
  { access, clock }: AdmitProbeDeps,
): Promise<ProbeAdmission> {
  const host = sha256Hex(probeHostOf(endpoint));
  const turn = `${pageId}|probe|${host}`;
  const now = clock();
  const until = now + TURN_MS;
  if (!(await access.takeTurn(turn, now, until))) return { outcome: "busy" };
  const counted = await access.count(`${pageId}|probes|${by}|${host}`, limitOf(by, endpoint), now);
  if (counted.outcome === "counted") return { outcome: "go", end: () => access.endTurn(turn, until) };
  await access.endTurn(turn, until);
  return { outcome: "over" };
}

function limitOf(by: Prober, endpoint: string): Limit {
  switch (by) {
    case "proven":
      return PROVEN;
    case "unproven":
      return isChat(endpoint) ? UNPROVEN_AT_CHATS : UNPROVEN;
  }
}
