import { setTimeout } from "node:timers/promises";
import * as z from "zod";

const outboxSchema = z.object({
  emails: z.array(z.object({ id: z.string(), to: z.string(), at: z.string(), raw: z.string() })),
  sms: z.array(z.object({ to: z.string(), at: z.string(), text: z.string() })),
});
export type Outbox = z.infer<typeof outboxSchema>;

const POLL_MS = 100;
/** How many looks may find nothing new: a minute of them, longer on a machine that has much else to do. */
const PATIENCE = 600;

export async function readOutbox(url: string): Promise<Outbox> {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  return outboxSchema.parse(await answer.json());
}

/**
 * Returns what `find` finds in the outbox, as soon as it is there. `what` is for the error when nothing new comes any
 * more.
 */
export async function waitForOutbox<T>(url: string, what: string, find: (outbox: Outbox) => T | undefined): Promise<T> {
  let known = 0;
  for (let still = 0; still < PATIENCE; still += 1) {
    const outbox = await readOutbox(url);
    const found = find(outbox);
    if (found !== undefined) return found;
    const now = outbox.emails.length + outbox.sms.length;
    if (now !== known) still = 0;
    known = now;
    await setTimeout(POLL_MS);
  }
  throw new Error(`${what} did not come, and nothing else does any more`);
}

/** A mail's text as it was before it was encoded for transport. */
export function readable(raw: string): string {
  return raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
}
