import type { Clock } from "../core/clock.ts";
import { inParallel } from "../lambda/in-parallel.ts";
import type { Logger } from "../lambda/logger.ts";
import type { OptOuts } from "../providers/sms.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface OptOutDeps {
  status: Pick<StatusStore, "listPages">;
  subscribers: Pick<SubscriberStore, "findByAddress" | "changeState">;
  optOuts: OptOuts;
  clock: Clock;
  log: Logger;
}

const AT_ONCE = 10;
/** It asks for no page after this: an invocation that is cut off says less than an error. */
const ASKS_FOR_MS = 20_000;

/**
 * Once an hour, unsubscribes everybody who answered STOP to an SMS. SNS sends them nothing in any case; this ends what
 * we store about them and count them as. The list is the whole account's and has no order, so it is read whole.
 */
export async function followOptOuts(deps: OptOutDeps): Promise<void> {
  const began = deps.clock();
  const pages = await deps.status.listPages();
  let unsubscribed = 0;
  let after: string | null = null;
  do {
    if (deps.clock() > began + ASKS_FOR_MS) throw new Error("the list of opt-outs is too long for one invocation");
    const { phones, next }: { phones: string[]; next: string | null } = await deps.optOuts.page(after);
    const found = phones.flatMap((phone) => pages.map((page) => ({ phone, pageId: page.id })));
    const ended = await inParallel(found, AT_ONCE, async ({ phone, pageId }) => unsubscribe(pageId, phone, deps));
    unsubscribed += ended.filter(Boolean).length;
    after = next;
  } while (after !== null);
  if (unsubscribed > 0) deps.log.info("unsubscribed by STOP", { unsubscribed });
}

/** Whether there was somebody to unsubscribe. */
async function unsubscribe(pageId: string, phone: string, deps: OptOutDeps): Promise<boolean> {
  const subscriber = await deps.subscribers.findByAddress(pageId, "sms", phone);
  if (subscriber?.state !== "active") return false;
  const ended = await deps.subscribers.changeState(
    pageId,
    "sms",
    subscriber.id,
    { from: ["active"], to: "unsubscribed" },
    deps.clock(),
  );
  return ended.outcome === "changed";
}
