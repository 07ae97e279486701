import { randomUUID } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod";
import { type FromWorker, invocationSchema, workerDataSchema } from "./worker-protocol.ts";

// Runs one function as Lambda's runtime would: loads the bundle once, then answers invocations, many at a time.
const { modulePath, exportName, functionName, functionArn, memorySize, timeoutMs } = workerDataSchema.parse(workerData);
const port = parentPort;
if (port === null) throw new Error("function-worker.ts runs as a worker thread only");

const reply = (answer: FromWorker) => port.postMessage(answer);

const handlerSchema = z.custom<(payload: unknown, context: object) => unknown>((value) => typeof value === "function");
const loaded: Record<string, unknown> = await import(modulePath);
const handler = handlerSchema.parse(loaded[exportName]);

port.on("message", async (data: unknown) => {
  const { id, payload } = invocationSchema.parse(data);
  const endsAt = Date.now() + timeoutMs;
  const context = {
    awsRequestId: randomUUID(),
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memorySize),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  };
  try {
    const result = await handler(JSON.parse(payload), context);
    reply({ kind: "answered", id, result: JSON.stringify(result ?? null) });
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    reply({ kind: "failed", id, name, message, stack: stack ?? "" });
  }
});
reply({ kind: "ready" });
