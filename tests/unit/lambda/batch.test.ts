import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import { expect, test } from "vitest";
import { sqsBatch, streamBatch } from "../../../functions/lambda/batch.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";

const quiet = createLogger({}, { info: () => {}, warn: () => {}, error: () => {} });

function sqsRecord(messageId: string, group?: string): SQSRecord {
  return {
    messageId,
    receiptHandle: "",
    body: messageId,
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "0",
      ...(group === undefined ? {} : { MessageGroupId: group }),
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "",
    awsRegion: "",
  };
}

function streamRecord(SequenceNumber: string | undefined): DynamoDBRecord {
  return { dynamodb: SequenceNumber === undefined ? {} : { SequenceNumber } };
}

/** Runs records by name; those in `bad` fail. */
function runner(bad: readonly string[]) {
  const ran: string[] = [];
  return {
    ran,
    run: async (name: string) => {
      ran.push(name);
      if (bad.includes(name)) throw new Error(`bad ${name}`);
    },
  };
}

test("of a standard queue the failed records alone come back", async () => {
  const { ran, run } = runner(["b"]);
  const batch = sqsBatch((record) => run(record.body), quiet);
  const reply = await batch({ Records: ["a", "b", "c"].map((id) => sqsRecord(id)) });
  expect(reply).toEqual({ batchItemFailures: [{ itemIdentifier: "b" }] });
  expect(ran).toEqual(["a", "b", "c"]);
});

test("of a FIFO group nothing runs after a failure; other groups go on", async () => {
  const { ran, run } = runner(["a2"]);
  const batch = sqsBatch((record) => run(record.body), quiet);
  const Records = ["a1", "b1", "a2", "a3", "b2"].map((id) => sqsRecord(id, id.slice(0, 1)));
  const { batchItemFailures } = await batch({ Records });
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["a2", "a3"]);
  expect(ran).not.toContain("a3");
  expect(ran.toSorted()).toEqual(["a1", "a2", "b1", "b2"]);
  expect(ran.filter((id) => id.startsWith("b"))).toEqual(["b1", "b2"]);
});

test("of a stream the first failure comes back, and nothing after it runs", async () => {
  const { ran, run } = runner(["102"]);
  const batch = streamBatch((record) => run(record.dynamodb?.SequenceNumber ?? ""), quiet);
  const reply = await batch({ Records: ["101", "102", "103"].map(streamRecord) });
  expect(reply).toEqual({ batchItemFailures: [{ itemIdentifier: "102" }] });
  expect(ran).toEqual(["101", "102"]);
});

test("a stream record that cannot be named fails the batch", async () => {
  const batch = streamBatch(() => Promise.reject(new Error("bad")), quiet);
  await expect(batch({ Records: [streamRecord(undefined)] })).rejects.toThrow("bad");
});

test("all went well: nothing comes back", async () => {
  const { run } = runner([]);
  expect(await sqsBatch((record) => run(record.body), quiet)({ Records: [sqsRecord("a")] })).toEqual({
    batchItemFailures: [],
  });
  expect(await streamBatch(() => Promise.resolve(), quiet)({ Records: [streamRecord("1")] })).toEqual({
    batchItemFailures: [],
  });
});
