import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Agent, request } from "undici";
import { RECIPIENTS_PER_CHUNK, WINDOW } from "../functions/core/chunk.ts";
import type { Delivery } from "../functions/core/delivery.ts";
import { hashPosition } from "../functions/core/ids.ts";
import { splice } from "../functions/core/rendering.ts";
import type { SigningKey } from "../functions/core/signing-key.ts";
import { subscriberToken } from "../functions/core/subscriber-token.ts";
import { webhookId, webhookSecret, webhookSignature } from "../functions/core/webhook-signature.ts";
import { guardedHttps } from "../functions/providers/https.ts";
import type { SendDeps } from "../functions/send-chunk/channel-sender.ts";
import { unpaced } from "../functions/send-chunk/pace.ts";
import { runChunk } from "../functions/send-chunk/run-chunk.ts";
import { webhookSender } from "../functions/send-webhook/webhook-sender.ts";
import type { Ledger } from "../functions/store/deliveries/ledger.ts";
import type { SubscriberStore } from "../functions/store/subscribers/subscriber-store.ts";
import { memoryAccessStore } from "../tests/fakes/memory-access-store.ts";
import { memoryLedger } from "../tests/fakes/memory-ledger.ts";
import { memoryStatusStore } from "../tests/fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../tests/fakes/memory-subscriber-store.ts";
import { memoryQueues } from "../tests/fakes/queues.ts";
import { renderedText } from "../tests/fixtures/rendered-text.ts";
import { type Bench, type Compared, compare, type Finding, inLanes, median, rounded, timed } from "./measurement.ts";
import { startPgBoss } from "./pg-boss.ts";
import { startReceiver } from "./receiver.ts";
import { openedIncident, type Scene, updateOf, updateRefOf, webhookSubscriber } from "./scene.ts";

const POSTS = 4_000;
const CHUNKS = Math.ceil(POSTS / RECIPIENTS_PER_CHUNK.webhook);
/** Invocations at once; each has a window in flight. */
const INVOCATIONS = 4;
const IN_FLIGHT = INVOCATIONS * WINDOW.webhook;
const ROUNDS = 5;

/**
 * The sender of webhooks alone: the whole protocol, the signature of each body and the guarded POST, over stores in
 * memory. Its limit: undici posting ready-made bodies to the same endpoint, as many in flight.
 */
export const bench: Bench = async ({ progress }) => {
  const receiver = await startReceiver();
  try {
    const scene = await openedIncident();
    const subscribers = Array.from({ length: POSTS }, () => webhookSubscriber(scene.page.id, receiver.url));
    const https = guardedHttps("any");
    const agent = new Agent({ keepAliveTimeout: 30_000 });
    const ready = await readyPosts(scene, receiver.url);
    const ours = async () => {
      const deps = await worldOf(scene, subscribers, https);
      const took = await timed(() => inLanes(INVOCATIONS, numbersBelow(CHUNKS), (chunk) => send(scene, chunk, deps)));
      return (POSTS / took) * 1_000;
    };
    const limit = async () => {
      const took = await timed(() =>
        inLanes(IN_FLIGHT, numbersBelow(POSTS), async () => {
          const { body } = await request(ready.url, { ...ready.options, dispatcher: agent });
          await body.dump();
        }),
      );
      return (POSTS / took) * 1_000;
    };
    const compared = await compare(ROUNDS, ours, limit, progress);
    const endpoints = subscribers.map(({ id }) => `${receiver.url}/${id}`);
    const peer = await againstPgBoss(ours, endpoints, (endpoint) => signedPost(scene, endpoint, agent), progress);
    await agent.close();
    return {
      findings: [
        peer.finding,
        {
          what: `deliveries/s against POST/s, ${IN_FLIGHT} in flight`,
          result: `${rounded(median(compared.ours))} and ${rounded(median(compared.limit))}: ${rounded(compared.ratio, 2)} by rounds`,
          goal: ">= 0.6",
          met: compared.ratio >= 0.6,
        },
      ],
      details: {
        posts: POSTS,
        inFlight: IN_FLIGHT,
        bodyBytes: ready.options.body.length,
        perSecond: compared,
        pgBoss: peer.compared,
      },
    };
  } finally {
    await receiver.stop();
  }
};

function* numbersBelow(end: number): Generator<number> {
  for (let number = 0; number < end; number += 1) yield number;
}

async function worldOf(
  scene: Scene,
  subscribers: readonly ReturnType<typeof webhookSubscriber>[],
  https: ReturnType<typeof guardedHttps>,
): Promise<SendDeps> {
  const clock = Date.now;
  const memory = memoryLedger();
  const status = memoryStatusStore({ putNotice: (notice) => memory.putNotice(notice) });
  await status.createPage(scene.page);
  await status.commitIncident(scene.commit);
  const fakes = memorySubscriberStore();
  for (const subscriber of subscribers) await fakes.create(subscriber);
  // The fakes hand out deep copies, which cost more than all that the sender does with a recipient.
  const byId = new Map(subscribers.map((subscriber) => [subscriber.id, subscriber]));
  const inOrder = subscribers
    .map((subscriber) => ({ at: hashPosition(subscriber.id), subscriber }))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const store: SubscriberStore = {
    ...fakes,
    getMany: async (_page, _channel, ids) => ids.flatMap((id) => byId.get(id) ?? []),
    listRange: async (_page, _channel, { from, to }) => ({
      items: inOrder.filter(({ at }) => at >= from && at <= to).map(({ subscriber }) => subscriber),
      next: null,
    }),
  };
  const recorded: Delivery[] = [];
  const ledger: Ledger = {
    ...memory,
    recordDeliveries: async (deliveries) => {
      for (const delivery of deliveries) recorded.push(delivery);
    },
  };
  const key = { pageId: scene.page.id, updateId: updateOf(scene).id, format: "webhook", locale: null } as const;
  await ledger.keepRendering(key, renderedText(scene.rendered, "webhook"), clock());
  const access = memoryAccessStore({ random: randomBytes, pages: [scene.page.id] });
  const queues = memoryQueues(clock).ports;
  return {
    status,
    subscribers: store,
    ledger,
    queues,
    sender: webhookSender({ ledger, access, subscribers: store, https, quarantines: queues, clock }),
    pace: unpaced(clock, (milliseconds) => setTimeout(milliseconds)),
    clock,
    jitter: Math.random,
  };
}

async function send(scene: Scene, chunk: number, deps: SendDeps): Promise<void> {
  const update = updateRefOf(updateOf(scene));
  const { outcome } = await runChunk(
    { kind: "chunk", ...update, channel: "webhook", chunk, of: CHUNKS, resend: 0 },
    deps,
  );
  if (outcome !== "finished") throw new Error(`a chunk was ${outcome}`);
}

async function againstPgBoss(
  ours: () => Promise<number>,
  endpoints: readonly string[],
  post: (endpoint: string) => Promise<void>,
  progress: (line: string) => void,
): Promise<{ finding: Finding; compared: Compared | null }> {
  const what = "deliveries/s against pg-boss on PostgreSQL";
  const boss = await startPgBoss(INVOCATIONS, WINDOW.webhook);
  if (boss === null) return { finding: { what, result: "no PostgreSQL found", goal: null, met: null }, compared: null };
  try {
    const compared = await compare(ROUNDS, ours, () => boss.send(endpoints, post), progress);
    const [mine, theirs] = [median(compared.ours), median(compared.limit)];
    const result = `${rounded(mine)} and ${rounded(theirs)}: ${rounded(compared.ratio, 2)} x by rounds`;
    return { finding: { what, result, goal: ">= 2.5 x", met: compared.ratio >= 2.5 }, compared };
  } finally {
    await boss.stop();
  }
}

const PEER_KEY = { version: 1, key: randomBytes(32) };

/** What a job of the peer does: signs like the sender, posts without its guards. */
async function signedPost(scene: Scene, url: string, agent: Agent): Promise<void> {
  const { options } = signed(scene, url, url.slice(-12), PEER_KEY);
  const { body, statusCode } = await request(url, { ...options, dispatcher: agent });
  await body.dump();
  if (statusCode >= 300) throw new Error(`http ${statusCode}`);
}

/** One POST as the sender makes it, made beforehand. */
async function readyPosts(scene: Scene, url: string) {
  const { id } = webhookSubscriber(updateOf(scene).pageId, url);
  return signed(scene, `${url}/${id}`, id, { version: 1, key: randomBytes(32) });
}

function signed(scene: Scene, url: string, subscriberId: string, key: SigningKey) {
  const { pageId, id } = updateOf(scene);
  const token = subscriberToken(key, "unsubscribe", { pageId, channel: "webhook", subscriberId });
  const body = splice(renderedText(scene.rendered, "webhook"), {
    sender: "status@example.com",
    address: "",
    unsubscribe_token: token,
  });
  const timestamp = Math.floor(Date.now() / 1_000);
  const name = webhookId(subscriberId, id);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Tocsin-Webhooks/1.0",
    "webhook-id": name,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": webhookSignature(webhookSecret(key, pageId, subscriberId, 1), name, timestamp, body),
  };
  return { url, options: { method: "POST" as const, headers, body } };
}
