import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as z from "zod";

/** An endpoint on a thread of its own, so that answering takes no time from those who post. */
export interface Receiver {
  url: string;
  /** Counts from nothing; resolves with the instant (epoch ms) at which that many requests had come. */
  expect(count: number): Promise<number>;
  stop(): Promise<void>;
}

const portSchema = z.object({ port: z.number() });
const reachedSchema = z.object({ at: z.number() });

export async function startReceiver(): Promise<Receiver> {
  const worker = new Worker(new URL("./receiver-thread.ts", import.meta.url));
  const [first] = await once(worker, "message");
  const { port } = portSchema.parse(first);
  return {
    url: `http://127.0.0.1:${port}`,
    async expect(count) {
      const reached = once(worker, "message");
      worker.postMessage({ count });
      const [answer] = await reached;
      return reachedSchema.parse(answer).at;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
