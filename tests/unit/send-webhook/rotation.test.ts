import { randomBytes } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import type { WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import { ROTATION_OVERLAP_MS, webhookSecret } from "../../../functions/core/webhook-signature.ts";
import type { WebhookPost } from "../../../functions/providers/https.ts";
import { webhookSender } from "../../../functions/send-webhook/webhook-sender.ts";
import { anId, aSubscriber } from "../../contract/samples.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";
import { memoryQueues } from "../../fakes/queues.ts";

const MINUTE = 60_000;
const now = Date.now();

/** What one attempt for this subscriber posts, and the secret of any version. */
async function posted(changes: Partial<WebhookSubscriber>) {
  const pageId = anId();
  const updateId = anId();
  const { email: _, ...common } = aSubscriber(pageId);
  const subscriber: WebhookSubscriber = {
    ...common,
    channel: "webhook",
    endpoint: "https://hooks.example.com/in",
    contactEmail: null,
    format: "statuspage",
    statuses: null,
    secretVersion: 1,
    ...changes,
  };
  const ledger = memoryLedger();
  await ledger.keepRendering(
    { pageId, updateId, format: "webhook", locale: null },
    { parts: ['{"incident":{}}'], slots: [] },
    now,
  );
  const access = memoryAccessStore({ random: randomBytes, pages: [pageId] });
  const posts: WebhookPost[] = [];
  const sender = webhookSender({
    ledger,
    access,
    subscribers: memorySubscriberStore(),
    quarantines: memoryQueues(() => now).ports,
    clock: () => now,
    https: {
      async post(request) {
        posts.push(request);
        return { outcome: "accepted", providerId: null };
      },
    },
  });
  await (await sender.prepare({ pageId, subject: { kind: "incident", id: anId() }, updateId, seq: 1 })).send(
    subscriber,
  );
  const [post] = posts;
  if (post === undefined) throw new Error("nothing was posted");
  const key = await access.currentSigningKey(pageId);
  return { post, secret: (version: number) => webhookSecret(key, pageId, subscriber.id, version) };
}

const verifiers = [
  ["standardwebhooks", (secret: string) => new StandardWebhook(secret)],
  ["svix", (secret: string) => new SvixWebhook(secret)],
] as const;

describe.each(verifiers)("what %s makes of a webhook", (_, verifier) => {
  it("within a day of a rotation: the new secret and the one before are right, no other", async () => {
    const rotation = { id: anId(), at: now - ROTATION_OVERLAP_MS + MINUTE };
    const { post, secret } = await posted({ secretVersion: 3, rotation });
    const verify = (version: number) => verifier(secret(version)).verify(post.body, { ...post.headers });
    expect(() => verify(3)).not.toThrow();
    expect(() => verify(2)).not.toThrow();
    expect(() => verify(1)).toThrow();
    expect(() => verify(4)).toThrow();
  });

  it("after it, and without one: only the present secret is right", async () => {
    const rotation = { id: anId(), at: now - ROTATION_OVERLAP_MS };
    for (const changes of [{ secretVersion: 3, rotation }, { secretVersion: 3 }]) {
      const { post, secret } = await posted(changes);
      const verify = (version: number) => verifier(secret(version)).verify(post.body, { ...post.headers });
      expect(() => verify(3)).not.toThrow();
      expect(() => verify(2)).toThrow();
    }
  });
});

it("the newest signature comes first, for receivers that read only one", async () => {
  const { post } = await posted({ secretVersion: 2, rotation: { id: anId(), at: now } });
  const [first = "", second = ""] = (post.headers["webhook-signature"] ?? "").split(" ");
  const alone = await posted({ secretVersion: 2 });
  expect([first, second]).toEqual([expect.stringMatching(/^v1,/), expect.stringMatching(/^v1,/)]);
  expect(alone.post.headers["webhook-signature"]).not.toContain(" ");
});
