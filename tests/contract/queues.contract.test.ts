import { randomUUID } from "node:crypto";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ChunkWork, LetterWork, ProbeWork, RetryWork, SmsLetterWork } from "../../functions/core/queued-work.ts";
import { CHANNELS } from "../../functions/core/subscriber.ts";
import { type AllQueues, sqsQueues } from "../../functions/providers/queues.ts";
import { type Fauxqs, startFauxqs } from "../../infra/local/emulators/fauxqs.ts";
import { clientsFor, sdkEnvironment } from "../../infra/local/services.ts";
import { memoryQueues, type QueueName, type Received } from "../fakes/queues.ts";
import { until } from "../fixtures/progress.ts";
import { aChunkKey } from "./ledger-subject.ts";
import { anId, NOW } from "./samples.ts";

interface QueueSubject {
  ports: AllQueues;
  /** What that queue gives out now. What is left comes back once the visibility time-out has passed. */
  receive(queue: QueueName): Promise<{ body: string; settle(done: boolean): Promise<void> } | null>;
  /** The fake's time. The emulator's passes by itself. */
  pass(ms: number): void;
}

const FIFO: readonly QueueName[] = CHANNELS;
const STANDARD: readonly QueueName[] = ["webhookRetry", "probes", "letters", "smsLetters", "plan", "publish"];
const VISIBILITY_MS = 70_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function inMemory(): QueueSubject {
  let now = NOW;
  let wanted: QueueName = "email";
  const queues = memoryQueues(
    () => now,
    (candidates) => candidates.findIndex(({ queue }) => queue === wanted),
  );
  return {
    ports: queues.ports,
    async receive(queue) {
      wanted = queue;
      const received: Received | null = queues.receive();
      return received && { body: received.body, settle: async (done) => received.settle(done) };
    },
    pass(ms) {
      now += ms;
    },
  };
}

/** Queues of their own, with the attributes that the stacks set and the emulator knows. */
async function onEmulator({ url }: Fauxqs): Promise<QueueSubject> {
  const { sqs } = clientsFor({ fauxqs: url, dynamodb: url, ses: url });
  const prefix = randomUUID();
  const VisibilityTimeout = String(VISIBILITY_MS / SECOND);
  const urls = new Map<QueueName, string>();
  for (const queue of [...FIFO, ...STANDARD]) {
    const fifo = FIFO.includes(queue);
    const created = await sqs.send(
      new CreateQueueCommand({
        QueueName: fifo ? `${prefix}-${queue}.fifo` : `${prefix}-${queue}`,
        Attributes: fifo ? { VisibilityTimeout, FifoQueue: "true" } : { VisibilityTimeout },
      }),
    );
    urls.set(queue, created.QueueUrl ?? "");
  }
  return {
    ports: sqsQueues(Object.fromEntries(urls)),
    async receive(queue) {
      const QueueUrl = urls.get(queue);
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      const [message] = Messages;
      if (message === undefined) return null;
      const handle = { QueueUrl, ReceiptHandle: message.ReceiptHandle };
      return {
        body: message.Body ?? "",
        settle: async (done) => {
          if (done) await sqs.send(new DeleteMessageCommand(handle));
          else await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }));
        },
      };
    },
    pass() {},
  };
}

const aChunk = (overrides: Partial<ChunkWork> = {}): ChunkWork => ({
  ...aChunkKey(),
  kind: "chunk",
  resend: 0,
  ...overrides,
});
const aRetry = (overrides: Partial<RetryWork> = {}): RetryWork => {
  const { of: _, ...ref } = aChunkKey();
  return { ...ref, kind: "retry", subscriberId: anId(), attempts: 1, ...overrides };
};
const aLetter = (overrides: Partial<LetterWork> = {}): LetterWork => ({
  kind: "letter",
  pageId: anId(),
  channel: "email",
  subscriberId: anId(),
  letterId: anId(),
  cause: "own link",
  letter: { about: "nothing" },
  raw: "Subject: Hello\r\n\r\nHello",
  ...overrides,
});
const aProbe = (overrides: Partial<ProbeWork> = {}): ProbeWork => ({
  kind: "probe",
  pageId: anId(),
  channel: "webhook",
  subscriberId: anId(),
  probeId: anId(),
  probe: "test",
  askedAt: NOW,
  body: "{}",
  echo: null,
  tries: 0,
  ...overrides,
});
const anSms = (overrides: Partial<SmsLetterWork> = {}): SmsLetterWork => ({
  kind: "sms letter",
  pageId: anId(),
  subscriberId: anId(),
  about: "nothing",
  letterId: anId(),
  cause: "own link",
  text: "Hello",
  endsAt: NOW,
  ...overrides,
});

/** Every body that the queue gives out, each deleted. */
async function drained(subject: QueueSubject, queue: QueueName): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for (let next = await subject.receive(queue); next !== null; next = await subject.receive(queue)) {
    bodies.push(JSON.parse(next.body));
    await next.settle(true);
  }
  return bodies;
}

function contract(make: () => Promise<QueueSubject>): void {
  it("brings each chunk once, in its channel's queue, however many there are", async () => {
    const subject = await make();
    const pageId = anId();
    const works = CHANNELS.flatMap((channel, index) =>
      Array.from({ length: 23 + index }, (_, chunk) => aChunk({ pageId, channel, chunk })),
    );
    await subject.ports.sendChunks(works);
    for (const channel of CHANNELS) {
      const own = works.filter((work) => work.channel === channel);
      const brought = await drained(subject, channel);
      expect(brought).toHaveLength(own.length);
      expect(brought).toEqual(expect.arrayContaining(own));
    }
  });

  it("takes no chunks, and nothing comes", async () => {
    const subject = await make();
    await subject.ports.sendChunks([]);
    for (const channel of CHANNELS) expect(await subject.receive(channel)).toBeNull();
  });

  it.each(CHANNELS)("drops what is queued again within five minutes, but no resend of it: %s", async (channel) => {
    const subject = await make();
    const work = aChunk({ channel });
    await subject.ports.sendChunks([work]);
    await subject.ports.sendChunks([work, { ...work, resend: 1 }]);
    expect(await drained(subject, channel)).toEqual([work, { ...work, resend: 1 }]);
    await subject.ports.sendChunks([work]);
    expect(await subject.receive(channel)).toBeNull();
  });

  it.each(["email", "sms"] as const)("knows one attempt from another, and one subscriber's: %s", async (channel) => {
    const subject = await make();
    const retry = aRetry({ channel });
    const distinct = [
      retry,
      { ...retry, attempts: 2 },
      { ...retry, subscriberId: anId() },
      { ...retry, queuedAt: NOW },
      { ...retry, queuedAt: NOW + MINUTE },
    ];
    for (const work of [...distinct, ...distinct]) await subject.ports.sendRetry(work, 0);
    expect(await drained(subject, channel)).toEqual(distinct);
  });

  it("brings what belongs to one chunk one after the other, and lets other chunks pass", async () => {
    const subject = await make();
    const chunk = aChunk();
    const { of: _, resend: __, kind: ___, ...ref } = chunk;
    const retry: RetryWork = { ...ref, kind: "retry", subscriberId: anId(), attempts: 1 };
    const later = { ...chunk, updateId: anId(), seq: 2 };
    const other = { ...chunk, chunk: chunk.chunk + 1 };
    await subject.ports.sendChunks([chunk]);
    // FIFO takes no delay: whatever is asked for, it comes as soon as it may.
    await subject.ports.sendRetry(retry, 10 * MINUTE);
    await subject.ports.sendChunks([later, other]);

    const first = await subject.receive("email");
    expect(JSON.parse(first?.body ?? "null")).toEqual(chunk);
    const passing = await subject.receive("email");
    expect(JSON.parse(passing?.body ?? "null")).toEqual(other);
    expect(await subject.receive("email")).toBeNull();

    await first?.settle(false);
    subject.pass(VISIBILITY_MS);
    const again = await subject.receive("email");
    expect(JSON.parse(again?.body ?? "null")).toEqual(chunk);
    await again?.settle(true);
    await passing?.settle(true);
    expect(await drained(subject, "email")).toEqual([retry, later]);
  });

  it("brings every other piece of work in a queue of its own, at once", async () => {
    const subject = await make();
    const { ports } = subject;
    const [letter, sms, probe, retry] = [aLetter(), anSms(), aProbe(), aRetry({ channel: "webhook" })];
    const quarantine = {
      kind: "quarantine",
      pageId: anId(),
      subscriberId: anId(),
      failingSince: NOW,
      reason: "",
    } as const;
    const plan = { pageId: anId(), updateId: anId() };
    await ports.sendLetter(letter);
    await ports.sendSmsLetter(sms);
    await ports.sendProbe(probe, 0);
    await ports.sendRetry(retry, 0);
    await ports.sendQuarantine(quarantine, 0);
    await ports.wakePlanner(plan);
    await ports.wakePublisher({ pageId: plan.pageId });
    expect(await drained(subject, "letters")).toEqual([letter]);
    expect(await drained(subject, "smsLetters")).toEqual([sms]);
    expect(await drained(subject, "probes")).toEqual([probe]);
    expect(await drained(subject, "webhookRetry")).toEqual([retry]);
    expect(await drained(subject, "plan")).toEqual(expect.arrayContaining([quarantine, plan]));
    expect(await drained(subject, "publish")).toEqual([{ pageId: plan.pageId }]);
    for (const channel of CHANNELS) expect(await subject.receive(channel)).toBeNull();
  });

  /** Each port that takes a delay. */
  const delayed: readonly [QueueName, (ports: AllQueues, delayMs: number) => Promise<void>][] = [
    ["webhookRetry", (ports, delay) => ports.sendRetry(aRetry({ channel: "webhook" }), delay)],
    ["letters", (ports, delay) => ports.sendLetter(aLetter(), delay)],
    ["smsLetters", (ports, delay) => ports.sendSmsLetter(anSms(), delay)],
    ["probes", (ports, delay) => ports.sendProbe(aProbe(), delay)],
    ["plan", (ports, delay) => ports.sendQuarantine({ kind: "digest", pageId: anId(), mac: "m", dueAt: NOW }, delay)],
  ];

  it.each(delayed)("holds back in %s what is to wait", async (queue, send) => {
    const subject = await make();
    await send(subject.ports, 15 * MINUTE);
    expect(await subject.receive(queue)).toBeNull();
    await send(subject.ports, SECOND);
    subject.pass(SECOND);
    await until("the end of a delay", () => subject.receive(queue));
    expect(await subject.receive(queue)).toBeNull();
  });

  it("takes nothing twice as standard queues' own: the same letter comes as often as it was sent", async () => {
    const subject = await make();
    const letter = aLetter();
    await subject.ports.sendLetter(letter);
    await subject.ports.sendLetter(letter);
    expect(await drained(subject, "letters")).toEqual([letter, letter]);
  });

  it("says so where a message is longer than a queue takes", async () => {
    const subject = await make();
    const { ports } = subject;
    await expect(ports.sendLetter(aLetter({ raw: "x".repeat(1_048_576) }))).rejects.toThrow();
    expect(await subject.receive("letters")).toBeNull();
  });

  it.each([
    ["a picture", "Acme \u{1f680}"],
    ["a control character", "Acme\u0007\u0000\u001f"],
    ["what is no character", "Acme\ufffe\uffff"],
    ["half of one", "Acme\ud83d"],
  ])("brings text with %s as it was", async (_, text) => {
    const subject = await make();
    const probe = aProbe({ body: text });
    await subject.ports.sendProbe(probe, 0);
    expect(await drained(subject, "probes")).toEqual([probe]);
  });
}

describe("queues in memory", () => {
  contract(async () => inMemory());

  it("forgets a deduplication id after five minutes", async () => {
    const subject = inMemory();
    const work = aChunk();
    await subject.ports.sendChunks([work]);
    await drained(subject, "email");
    subject.pass(5 * MINUTE);
    await subject.ports.sendChunks([work]);
    expect(await drained(subject, "email")).toEqual([work]);
  });

  it.each([-1, 15 * MINUTE + 1])("refuses a delay of %i ms, as SQS does", async (delay) => {
    await expect(inMemory().ports.sendProbe(aProbe(), delay)).rejects.toThrow("DelaySeconds");
  });
});

describe("queues on the emulator", () => {
  let fauxqs: Fauxqs | null = null;
  const emulator = () => {
    if (fauxqs === null) throw new Error("the emulator is there from beforeAll on");
    return fauxqs;
  };

  beforeAll(async () => {
    const started = await startFauxqs({ addEmail() {}, addSms() {}, emails: [], sms: [], async close() {} });
    fauxqs = started;
    const environment = sdkEnvironment({ fauxqs: started.url, dynamodb: started.url, ses: started.url });
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await fauxqs?.stop();
  });

  contract(() => onEmulator(emulator()));
});
