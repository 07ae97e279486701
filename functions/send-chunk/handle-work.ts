import type { SendWork } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import type { SendDeps } from "./channel-sender.ts";
import { runChunk } from "./run-chunk.ts";
import { runRetry } from "./run-retry.ts";

/** Logs a line for each chunk that did something out of the ordinary, never one for each recipient. */
export async function handleWork(work: SendWork, deps: SendDeps, log: Logger): Promise<void> {
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
    default:
      return unreachable(work);
  }
}
