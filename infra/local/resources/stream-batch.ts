import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { _Record as StreamRecord } from "@aws-sdk/client-dynamodb-streams";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { oneLine } from "../failure.ts";
import type { FunctionLog } from "../function-log.ts";
import type { LocalFunction } from "../local-function.ts";
import { failuresIn } from "./batch-response.ts";

export interface BatchProps {
  sqs: SQSClient;
  streamArn: string;
  target: Pick<LocalFunction, "name" | "invoke">;
  bisect: boolean;
  /** -1: without end. */
  maximumRetries: number;
  /** -1: without end. */
  maximumAgeSeconds: number;
  partialFailures: boolean;
  failureQueueUrl: string | null;
  log: FunctionLog;
}

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;

/**
 * Runs one batch until it is handled or given up. It is retried as often as the mapping says, cut in two after a
 * failure if the mapping bisects (which costs no retry), and resumed at the first record that a partial failure names.
 * In the end, a failed one is described to the on-failure queue. Never rejects.
 */
export async function runBatch(
  shardId: string,
  batch: readonly StreamRecord[],
  props: BatchProps,
  ending: AbortSignal,
): Promise<"handled" | "stopped"> {
  let rest = batch;
  let retries = 0;
  while (rest.length > 0) {
    if (ending.aborted) return "stopped";
    const failedFrom = await invoke(rest, props);
    if (failedFrom === null) return "handled";
    if (failedFrom > 0) {
      // The rest is a batch of its own.
      rest = rest.slice(failedFrom);
      retries = 0;
      continue;
    }
    if (props.bisect && rest.length > 1) {
      const middle = Math.ceil(rest.length / 2);
      const first = await runBatch(shardId, rest.slice(0, middle), props, ending);
      if (first === "stopped") return "stopped";
      rest = rest.slice(middle);
      continue;
    }
    const exhausted = props.maximumRetries >= 0 && retries >= props.maximumRetries;
    if (exhausted || tooOld(rest, props.maximumAgeSeconds)) {
      await giveUp(shardId, rest, retries + 1, exhausted ? "RetryAttemptsExhausted" : "RecordAgeExceeded", props);
      return "handled";
    }
    await sleep(Math.min(FIRST_RETRY_MS * 2 ** retries, LONGEST_RETRY_MS), null, { signal: ending }).catch(() => {});
    retries += 1;
  }
  return "handled";
}

/** The position of the first record that failed, 0 if the whole batch did, or null if none did. */
async function invoke(batch: readonly StreamRecord[], props: BatchProps): Promise<number | null> {
  const ids = batch.map(({ dynamodb }) => dynamodb?.SequenceNumber ?? "");
  try {
    const response = await props.target.invoke({ Records: batch.map((record) => recordOf(record, props.streamArn)) });
    if (!props.partialFailures) return null;
    const failed = failuresIn(response, ids);
    // By position: the emulator's sequence numbers have any length, so they do not compare as text.
    const first = ids.findIndex((id) => failed.has(id));
    return first < 0 ? null : first;
  } catch {
    return 0;
  }
}

function tooOld(batch: readonly StreamRecord[], maximumAgeSeconds: number): boolean {
  const createdAt = batch[0]?.dynamodb?.ApproximateCreationDateTime;
  if (maximumAgeSeconds < 0 || createdAt === undefined) return false;
  return Date.now() - createdAt.getTime() > maximumAgeSeconds * 1000;
}

/** What Lambda sends to an on-failure destination: where the records are, not the records. */
async function giveUp(
  shardId: string,
  batch: readonly StreamRecord[],
  invocations: number,
  condition: string,
  { sqs, streamArn, target, failureQueueUrl, log }: BatchProps,
): Promise<void> {
  log.problem(target.name, `gave up on ${batch.length} stream records after ${invocations} attempts`);
  if (failureQueueUrl === null) return;
  const [first, last] = [batch[0]?.dynamodb, batch.at(-1)?.dynamodb];
  const body = {
    requestContext: {
      requestId: randomUUID(),
      functionArn: target.name,
      condition,
      approximateInvokeCount: invocations,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: first?.ApproximateCreationDateTime,
      approximateArrivalOfLastRecord: last?.ApproximateCreationDateTime,
      batchSize: batch.length,
      streamArn,
    },
  };
  try {
    await sqs.send(new SendMessageCommand({ QueueUrl: failureQueueUrl, MessageBody: JSON.stringify(body) }));
  } catch (error) {
    log.problem(target.name, `its on-failure queue took nothing: ${oneLine(error)}`);
  }
}

/** A stream record as Lambda gives it to a function: with seconds instead of dates. (The tables hold no binary values.) */
function recordOf({ dynamodb, ...record }: StreamRecord, streamArn: string): object {
  const seconds = (dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0) / 1000;
  return { ...record, dynamodb: { ...dynamodb, ApproximateCreationDateTime: seconds }, eventSourceARN: streamArn };
}
