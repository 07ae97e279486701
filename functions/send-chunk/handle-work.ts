import { sendWorkSchema } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import type { SendDeps } from "./channel-sender.ts";
import { runChunk } from "./run-chunk.ts";
import { runRetry } from "./run-retry.ts";

/**
 * One body of a sender's queues. Logs a line per chunk that did something out of the ordinary, never one per recipient.
 * Throws for a body that is not ours, so that it ends in the dead-letter queue where somebody sees it.
 */
export async function handleWork(body: string, deps: SendDeps, log: Logger): Promise<void> {
  const work = sendWorkSchema.parse(JSON.parse(body));
  switch (work.kind) {
    case "chunk": {
      const result = await runChunk(work, deps);
      if (result.outcome === "finished") return;
      const { updateId, channel, chunk, resend } = work;
      log.info(`chunk ${result.outcome}`, { updateId, channel, chunk, resend });
      return;
    }
    case "retry":
      await runRetry(work, deps);
      return;
    case "letter":
    case "probe":
      throw new Error(`a ${work.kind} came over a queue of chunks`);
    default:
      return unreachable(work);
  }
}
