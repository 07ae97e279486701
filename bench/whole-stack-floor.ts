import { parentPort, workerData } from "node:worker_threads";
import { BatchWriteItemCommand, type DynamoDBClient, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Agent, request } from "undici";
import * as z from "zod";
import { chunkRange, partitionOf, WINDOW } from "../functions/core/chunk.ts";
import { sdkLogger } from "../functions/lambda/sdk-logger.ts";
import { audiencePartition } from "../functions/store/subscribers/subscriber-items.ts";
import { dynamoClient, fromItem, toItem, toKey } from "../functions/store/table.ts";
import { inLanes } from "./measurement.ts";

const port = parentPort;
if (port === null) throw new Error("whole-stack-floor.ts runs as a worker thread only");

const orderSchema = z.object({
  pageId: z.string(),
  queueUrl: z.string(),
  subscribersTable: z.string(),
  deliveriesTable: z.string(),
  chunks: z.number(),
  invocations: z.number(),
  body: z.string(),
});
export type FloorOrder = z.infer<typeof orderSchema>;
const roundSchema = z.object({ round: z.number() });
const endpointSchema = z.object({ id: z.string(), endpoint: z.string() });
type Recipient = z.infer<typeof endpointSchema>;

const ENTRIES_PER_BATCH = 10;
const order = orderSchema.parse(workerData);
const dynamodb: DynamoDBClient = dynamoClient();
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false, logger: sdkLogger });
const agent = new Agent({ keepAliveTimeout: 30_000 });

port.on("message", (message: unknown) => {
  const { round } = roundSchema.parse(message);
  void runRound(round).then(() => port.postMessage("ended"));
});
port.postMessage("ready");

async function runRound(round: number): Promise<void> {
  const chunks = Array.from({ length: order.chunks }, (_, chunk) => chunk);
  const batches = chunks.filter((chunk) => chunk % ENTRIES_PER_BATCH === 0);
  const queued = inLanes(8, batches, async (first) => {
    await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: order.queueUrl,
        Entries: chunks.slice(first, first + ENTRIES_PER_BATCH).map((chunk) => ({
          Id: String(chunk),
          MessageBody: String(chunk),
          MessageGroupId: `${round}-${chunk}`,
          MessageDeduplicationId: `${round}-${chunk}`,
        })),
      }),
    );
  });
  let left = order.chunks;
  const invocation = async () => {
    while (left > 0) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: order.queueUrl, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }),
      );
      for (const { Body, ReceiptHandle } of Messages) {
        left -= 1;
        await sendChunk(round, Number(Body));
        await sqs.send(new DeleteMessageCommand({ QueueUrl: order.queueUrl, ReceiptHandle }));
      }
    }
  };
  await Promise.all([queued, ...Array.from({ length: order.invocations }, invocation)]);
}

async function sendChunk(round: number, chunk: number): Promise<void> {
  const key = toKey({ pk: `FLOOR#${round}`, sk: `CHUNK#${chunk}` });
  await setState(key, "claimed");
  const { from, to } = chunkRange(chunk, order.chunks);
  const recipients: Recipient[] = [];
  for (let partition = partitionOf(from); partition <= partitionOf(to); partition += 1) {
    const { Items = [] } = await dynamodb.send(
      new QueryCommand({
        TableName: order.subscribersTable,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
        ExpressionAttributeValues: toItem({
          ":pk": audiencePartition(order.pageId, "webhook", partition),
          ":from": `${from}#`,
          ":to": `${to}#~`,
        }),
      }),
    );
    for (const item of Items) recipients.push(endpointSchema.parse(fromItem(item)));
  }
  for (let first = 0; first < recipients.length; first += WINDOW.webhook) {
    const window = recipients.slice(first, first + WINDOW.webhook);
    await Promise.all(window.map(({ endpoint }) => post(endpoint)));
    await dynamodb.send(
      new BatchWriteItemCommand({
        RequestItems: {
          [order.deliveriesTable]: window.map(({ id }) => ({ PutRequest: { Item: toItem(rowOf(round, id)) } })),
        },
      }),
    );
  }
  await setState(key, "done");
}

function setState(key: ReturnType<typeof toKey>, state: string) {
  return dynamodb.send(
    new UpdateItemCommand({
      TableName: order.deliveriesTable,
      Key: key,
      UpdateExpression: "SET #state = :state",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: toItem({ ":state": state }),
    }),
  );
}

/** About as large as a delivery. */
function rowOf(round: number, id: string) {
  return { pk: `FLOOR#${round}#${id}`, sk: "DELIVERY", state: "accepted", filler: "x".repeat(350), at: Date.now() };
}

async function post(endpoint: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const { body } = await request(endpoint, { method: "POST", headers, body: order.body, dispatcher: agent });
  await body.dump();
}
