import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { ChunkWork } from "../../../functions/core/queued-work.ts";
import { QueueError, sqsQueues } from "../../../functions/providers/queues.ts";
import { closeServer, listen, portOf } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";
import { atRest, until } from "../../fixtures/progress.ts";

const later = afterTheTest();
afterEach(() => void vi.unstubAllEnvs());

const entrySchema = z.object({
  Id: z.string(),
  MessageBody: z.string(),
  MessageGroupId: z.string(),
  MessageDeduplicationId: z.string(),
});
type Entry = z.infer<typeof entrySchema>;
const batchSchema = z.object({ QueueUrl: z.string(), Entries: z.array(entrySchema) });
type Batch = z.infer<typeof batchSchema>;

/** How SQS answers a batch: with the ids that it does not take, or not at all but with an error. */
type Answer = { failed: readonly string[] } | { status: number; error: string };

/** Queues at a server that answers like SQS, once `hold` is over, and the batches that it was sent. */
async function queuesAt(answer: (batch: Batch, nth: number) => Answer, hold?: Promise<void>) {
  const batches: Batch[] = [];
  const server = createServer(async (request, response) => {
    const batch = batchSchema.parse(await json(request));
    batches.push(batch);
    const given = answer(batch, batches.length);
    await hold;
    response.setHeader("content-type", "application/x-amz-json-1.0");
    if ("error" in given) {
      response.statusCode = given.status;
      response.end(JSON.stringify({ __type: `com.amazonaws.sqs#${given.error}`, message: "no" }));
      return;
    }
    response.end(JSON.stringify(partly(batch.Entries, given.failed)));
  });
  await listen(server, 0);
  later(() => closeServer(server));
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", `http://127.0.0.1:${portOf(server)}`);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const urls = { email: "https://sqs/1/email.fifo", sms: "https://sqs/1/sms.fifo", letters: "https://sqs/1/letters" };
  return { queues: sqsQueues(urls), batches };
}

function partly(entries: readonly Entry[], failed: readonly string[]) {
  return {
    Successful: entries
      .filter(({ Id }) => !failed.includes(Id))
      .map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
      })),
    Failed: entries
      .filter(({ Id }) => failed.includes(Id))
      .map(({ Id }) => ({ Id, SenderFault: false, Code: "InternalError", Message: "no" })),
  };
}

const takesAll = (): Answer => ({ failed: [] });

function chunks(count: number, channel: "email" | "sms" | "webhook" = "email"): ChunkWork[] {
  return Array.from({ length: count }, (_, chunk) => ({
    kind: "chunk",
    pageId: "page00000000",
    subject: { kind: "incident", id: "incident0000" },
    updateId: "update000000",
    seq: 7,
    channel,
    chunk,
    of: count,
    resend: 2,
  }));
}

const bodiesIn = (batches: readonly Batch[]) =>
  batches.flatMap(({ Entries }) => Entries.map(({ MessageBody }) => JSON.parse(MessageBody)));

describe("chunks on their way to SQS", () => {
  it("go by ten, each channel's to its own queue, under ids that are distinct within a batch", async () => {
    const { queues, batches } = await queuesAt(takesAll);
    await queues.sendChunks([...chunks(23), ...chunks(4, "sms")]);
    const sizes = batches.map(({ QueueUrl, Entries }) => `${QueueUrl} ${Entries.length}`);
    expect(sizes.sort()).toEqual([
      "https://sqs/1/email.fifo 10",
      "https://sqs/1/email.fifo 10",
      "https://sqs/1/email.fifo 3",
      "https://sqs/1/sms.fifo 4",
    ]);
    for (const { Entries } of batches) expect(new Set(Entries.map(({ Id }) => Id)).size).toBe(Entries.length);
    expect(bodiesIn(batches)).toEqual(expect.arrayContaining([...chunks(23), ...chunks(4, "sms")]));
  });

  it("carry the group that keeps an incident's chunk in order, and the id that drops a second copy", async () => {
    const { queues, batches } = await queuesAt(takesAll);
    await queues.sendChunks(chunks(2));
    const ids = batches[0]?.Entries.map(({ MessageGroupId, MessageDeduplicationId }) => [
      MessageGroupId,
      MessageDeduplicationId,
    ]);
    expect(ids).toEqual([
      ["page00000000-incident0000-email-0", "update000000-email-0-r2"],
      ["page00000000-incident0000-email-1", "update000000-email-1-r2"],
    ]);
  });

  it("go again where SQS did not take them, and only they", async () => {
    const { queues, batches } = await queuesAt((_, nth) => ({
      failed: nth === 1 ? ["3", "7"] : nth === 2 ? ["7"] : [],
    }));
    await queues.sendChunks(chunks(10));
    expect(batches.map(({ Entries }) => Entries.map(({ Id }) => Id))).toEqual([
      ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
      ["3", "7"],
      ["7"],
    ]);
    // What goes again is what went: with another id it would be sent twice.
    expect(batches[2]?.Entries[0]).toEqual(batches[0]?.Entries[7]);
  });

  it("are an error that says how many, where some are not taken in four tries", async () => {
    const { queues, batches } = await queuesAt(() => ({ failed: ["1", "4"] }));
    const sent = queues.sendChunks(chunks(6));
    await expect(sent).rejects.toThrow(QueueError);
    await expect(sent).rejects.toThrow("2 of 6 entries were refused: InternalError");
    expect(batches).toHaveLength(4);
  });

  it("are an error where one batch of many is not taken, though all the others are", async () => {
    const { queues, batches } = await queuesAt(({ QueueUrl }) => ({ failed: QueueUrl.includes("sms") ? ["0"] : [] }));
    await expect(queues.sendChunks([...chunks(20), ...chunks(1, "sms")])).rejects.toThrow("1 of 1 entries");
    expect(batches.filter(({ QueueUrl }) => QueueUrl.includes("email"))).toHaveLength(2);
  });

  it("keep no more than eight calls open", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { queues, batches } = await queuesAt(takesAll, promise);
    const sent = queues.sendChunks(chunks(200));
    await until("eight calls", () => batches.length >= 8);
    await atRest(() => batches.length, 5);
    expect(batches).toHaveLength(8);
    resolve();
    await sent;
    expect(batches).toHaveLength(20);
  });

  it("go again after a call that failed whole, which the SDK tries again", async () => {
    const { queues, batches } = await queuesAt((_, nth) =>
      nth === 1 ? { status: 500, error: "InternalFailure" } : { failed: [] },
    );
    await queues.sendChunks(chunks(2));
    expect(batches).toHaveLength(2);
    expect(batches[1]?.Entries).toEqual(batches[0]?.Entries);
  });

  it("are an error where the queue is missing: asked for once", async () => {
    const { queues, batches } = await queuesAt(() => ({ status: 400, error: "QueueDoesNotExist" }));
    await expect(queues.sendChunks(chunks(2))).rejects.toThrow(expect.objectContaining({ name: "QueueDoesNotExist" }));
    expect(batches).toHaveLength(1);
  });
});

it("a function that names no such queue is said so, before anything is sent", async () => {
  const { queues, batches } = await queuesAt(takesAll);
  await expect(queues.sendChunks([...chunks(1), ...chunks(1, "webhook")])).rejects.toThrow("no queue named webhook");
  await expect(queues.wakePublisher({ pageId: "page00000000" })).rejects.toThrow(QueueError);
  expect(batches).toEqual([]);
});
