import { TableBusyError } from "../store/busy.ts";
import type { SendDeps } from "./channel-sender.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Records what came of sends. While the table is busy, it asks again for as long as the lease lasts: if it gave up, an
 * acceptance would be sent again. Nobody is that patient before a send, because a later run finds the work again.
 */
export async function patiently<T>(
  write: () => Promise<T>,
  leaseUntil: number,
  { pace, clock, jitter }: Pick<SendDeps, "pace" | "clock" | "jitter">,
): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + jitter() / 2);
      if (!(error instanceof TableBusyError) || clock() + pause >= leaseUntil) throw error;
      await pace.waitUntil(clock() + pause);
    }
  }
}
