import * as z from "zod";

export const workerDataSchema = z.object({
  /** file: URL of the bundle. */
  modulePath: z.string(),
  exportName: z.string(),
  functionName: z.string(),
  functionArn: z.string(),
  memorySize: z.number(),
  timeoutMs: z.number(),
});
export type WorkerData = z.infer<typeof workerDataSchema>;

/** Payloads and results travel as JSON text, as on AWS: what JSON cannot carry is lost here too. */
export const invocationSchema = z.object({ id: z.number(), payload: z.string() });
export type Invocation = z.infer<typeof invocationSchema>;

export const fromWorkerSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("answered"), id: z.number(), result: z.string() }),
  z.object({ kind: z.literal("failed"), id: z.number(), name: z.string(), message: z.string(), stack: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
