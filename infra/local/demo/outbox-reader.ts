import { setTimeout } from "node:timers/promises";
import * as z from "zod";

const outboxSchema = z.object({
  emails: z.array(z.object({ id: z.string(), to: z.string(), at: z.string(), raw: z.string() })),
  sms: z.array(z.object({ to: z.string(), at: z.string(), text: z.string() })),
});
export type Outbox = z.infer<typeof outboxSchema>;

const PATIENCE_MS = 60_000;
const POLL_MS = 100;

export async function readOutbox(url: string): Promise<Outbox> {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  return outboxSchema.parse(await answer.json());
}

/** What `find` finds in the outbox, as soon as it is there. `what` is for the error after a minute. */
export async function waitForOutbox<T>(url: string, what: string, find: (outbox: Outbox) => T | undefined): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = find(await readOutbox(url));
    if (found !== undefined) return found;
    if (performance.now() > until) throw new Error(`${what} did not come within ${PATIENCE_MS / 1_000} s`);
    await setTimeout(POLL_MS);
  }
}

/** A mail's text as it was before it was encoded for the way. */
export function readable(raw: string): string {
  return raw.replaceAll("=\r\n", "").replaceAll("=3D", "=");
}
