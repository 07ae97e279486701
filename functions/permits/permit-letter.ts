import { type LetterRequest, type Permission, type PermitRules, permit, shareSpacing } from "../core/permit.ts";
import type { BoundedLog } from "../lambda/bounded-log.ts";
import type { Logger } from "../lambda/logger.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import { changePermits, type PermitsDeps } from "./change-permits.ts";

export interface PermitDeps extends PermitsDeps {
  access: PermitsDeps["access"] & Pick<AccessStore, "takeShare" | "giveBackShare" | "getRate">;
  log: Logger;
  /** Strangers can cause as many refusals as they like. */
  bounded: BoundedLog;
}

/** Who a letter is for, and what they may get. */
export interface Addressee {
  /** Stands for the mailbox or number without showing it: see `addressMac` and `mailboxOf`. */
  mac: string;
  rules: PermitRules;
  /** Whether all such letters share a part of a daily quota. SMS have a ceiling of their own for what they cost. */
  share: "mail" | "none";
}

/** infra/constructs/send-email.ts counts these lines for an alarm. */
export const SHARE_USED_UP = "letters have used up their share of the daily quota";

/** SES's sandbox, where a new AWS account starts, takes 200 mails a day; sweep reads the real quota within a minute. */
const SANDBOX_PER_DAY = 200;

/**
 * The one place that counts a letter that a stranger can cause, right before it is sent. False: it is not permitted and
 * must be dropped; a line in the log says so, without the address. The permit is taken under the letter's id before it
 * is sent. If the run dies in between, another delivery of the same letter follows, and has its permit already.
 */
export async function permitLetter(deps: PermitDeps, request: LetterRequest, to: Addressee): Promise<boolean> {
  const { kind, cause, letterId } = request;
  if (cause === "operator") return true;
  const now = deps.clock();
  const refuse = (why: string) => {
    const tell = (times: number) => deps.log.warn(`letter not permitted: ${why}`, { kind, cause, letterId, times });
    deps.bounded(why, now, tell);
    return false;
  };
  let spacing: number | null = null;
  const giveBack = async () => {
    if (spacing !== null) await deps.access.giveBackShare(spacing);
  };
  const changed = await changePermits<Permission | { outcome: "share used up" }>(deps, to.mac, async (known) => {
    const permission = permit(known, request, to.rules, now);
    if (permission.outcome !== "permitted") return { next: null, answer: permission };
    // The share first: a run that dies in between has counted too much, never too little.
    if (to.share === "mail" && spacing === null) {
      spacing = await takeShare(deps, now);
      if (spacing === null) return { next: null, answer: { outcome: "share used up" } };
    }
    return { next: permission.next, answer: permission };
  });
  if (changed.outcome === "contended") {
    await giveBack();
    throw new Error("the permits of a mailbox kept changing");
  }
  switch (changed.answer.outcome) {
    case "permitted":
      return true;
    case "repeated":
      await giveBack();
      return true;
    case "refused":
      await giveBack();
      return refuse(changed.answer.why);
    case "share used up":
      return refuse(SHARE_USED_UP);
  }
}

/** How much of the share one letter took; null: nothing is left. */
async function takeShare({ access }: PermitDeps, now: number): Promise<number | null> {
  const { perDay = SANDBOX_PER_DAY } = await access.getRate("email");
  const spacing = shareSpacing(perDay);
  const taken = await access.takeShare(spacing, now);
  return taken.outcome === "taken" ? spacing : null;
}
