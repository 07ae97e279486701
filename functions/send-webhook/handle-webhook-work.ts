import { sendWorkSchema } from "../core/queued-work.ts";
import type { Logger } from "../lambda/logger.ts";
import type { SendDeps } from "../send-chunk/channel-sender.ts";
import { handleWork } from "../send-chunk/handle-work.ts";
import { type ProbeDeps, probeEndpoint } from "./probe.ts";

/** One body of send-webhook's queues: chunks and retries like any sender, and probes. */
export async function handleWebhookWork(body: string, deps: SendDeps, probes: ProbeDeps, log: Logger): Promise<void> {
  const work = sendWorkSchema.parse(JSON.parse(body));
  return work.kind === "probe" ? probeEndpoint(work, probes) : handleWork(body, deps, log);
}
