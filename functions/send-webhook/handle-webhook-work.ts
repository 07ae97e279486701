import type { WebhookWork } from "../core/queued-work.ts";
import { unreachable } from "../core/unreachable.ts";
import type { Logger } from "../lambda/logger.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import { type ProbeDeps, probeEndpoint } from "./probe.ts";

/** Chunks and retries like any sender, and probes. */
export async function handleWebhookWork(
  work: WebhookWork,
  deps: SendDeps,
  probes: ProbeDeps,
  log: Logger,
): Promise<void> {
  switch (work.kind) {
    case "chunk":
    case "retry":
      return handleWork(work, deps, log);
    case "probe":
      return probeEndpoint(work, probes);
    default:
      return unreachable(work);
  }
}
