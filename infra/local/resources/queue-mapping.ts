import { setTimeout as sleep } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { REGION } from "../account.ts";
import { oneLine } from "../failure.ts";
import type { FunctionLog } from "../function-log.ts";
import type { LocalFunction } from "../local-function.ts";
import { failuresIn } from "./batch-response.ts";

export interface QueueMappingProps {
  sqs: SQSClient;
  queueUrl: string;
  queueArn: string;
  target: Pick<LocalFunction, "name" | "invoke">;
  batchSize: number;
  maximumConcurrency: number;
  /** The function names what failed (ReportBatchItemFailures); otherwise a whole batch fails. */
  partialFailures: boolean;
  log: FunctionLog;
}

// SQS's own maximum.
const LONG_POLL_SECONDS = 20;
const AFTER_ERROR_MS = 500;

/**
 * Receives while fewer than the maximum of invocations run, and deletes what succeeded. Failed messages come back when
 * their visibility timeout ends, and the queue's own redrive policy moves them to the dead letters. SQS keeps the order
 * of FIFO groups: while a message of a group is in flight, it gives out no other of that group. So each receive is one
 * batch. The returned function ends it and waits for running invocations.
 */
export function pollQueue(props: QueueMappingProps): () => Promise<void> {
  const { sqs, queueUrl, maximumConcurrency, target, log } = props;
  const ending = new AbortController();
  const running = new Set<Promise<void>>();

  const receive = async (): Promise<Message[]> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrl,
        MaxNumberOfMessages: props.batchSize,
        WaitTimeSeconds: LONG_POLL_SECONDS,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
      { abortSignal: ending.signal },
    );
    return Messages;
  };

  const loop = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      if (running.size >= maximumConcurrency) {
        await Promise.race(running);
        continue;
      }
      try {
        const batch = await receive();
        if (batch.length === 0) continue;
        const run = handleBatch(batch, props).finally(() => running.delete(run));
        running.add(run);
      } catch (error) {
        if (ending.signal.aborted) return;
        log.problem(target.name, `its queue could not be read: ${oneLine(error)}`);
        await sleep(AFTER_ERROR_MS);
      }
    }
  };
  const ended = loop();
  return async () => {
    ending.abort();
    await ended;
    await Promise.all(running);
  };
}

async function handleBatch(batch: readonly Message[], props: QueueMappingProps): Promise<void> {
  const { sqs, queueUrl, queueArn, target, log } = props;
  try {
    const response = await target.invoke({ Records: batch.map((message) => recordOf(message, queueArn)) });
    const failed = props.partialFailures
      ? failuresIn(
          response,
          batch.map(({ MessageId = "" }) => MessageId),
        )
      : new Set<string>();
    const done = batch.filter(({ MessageId = "" }) => !failed.has(MessageId));
    await deleteAll(sqs, queueUrl, done);
  } catch (error) {
    // A failed invocation was reported where it failed; the batch comes back by itself.
    if (error instanceof Error && error.name === "FunctionFailure") return;
    log.problem(target.name, `a batch was not acknowledged: ${oneLine(error)}`);
  }
}

async function deleteAll(sqs: SQSClient, queueUrl: string, done: readonly Message[]): Promise<void> {
  const [first] = done;
  if (first === undefined) return;
  if (done.length === 1) {
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: first.ReceiptHandle }));
    return;
  }
  const { Failed = [] } = await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
  if (Failed.length > 0) throw new Error(`${Failed.length} of ${done.length} could not be deleted`);
}

/** An SQS record as Lambda gives it to a function. */
function recordOf(message: Message, queueArn: string): object {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      dataType: value.DataType,
      stringValue: value.StringValue,
      ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
    },
  ]);
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes),
    md5OfBody: message.MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}
