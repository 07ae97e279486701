import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import type { ChannelSender } from "../../../functions/send-chunk/channel-sender.ts";
import { emailSender } from "../../../functions/send-email/email-sender.ts";
import { smsSender } from "../../../functions/send-sms/sms-sender.ts";
import { webhookSender } from "../../../functions/send-webhook/webhook-sender.ts";
import { aChunkKey, aDelivery } from "../../contract/ledger-subject.ts";
import { anId, aSubscriber, NOW } from "../../contract/samples.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";
import { memoryQueues } from "../../fakes/queues.ts";

const key = aChunkKey();
const { pageId, updateId } = key;
const byMail = aSubscriber(pageId);
const { email: _, ...common } = byMail;
const byWebhook: WebhookSubscriber = {
  ...common,
  id: anId(),
  channel: "webhook",
  endpoint: "https://hooks.example/in",
  contactEmail: null,
  format: "statuspage",
  statuses: null,
  secretVersion: 1,
};

const ledger = memoryLedger();
const names = [
  { format: "email", locale: "en" },
  { format: "sms", locale: "en" },
  { format: "webhook", locale: null },
] as const;
for (const name of names) {
  await ledger.keepRendering({ pageId, updateId, ...name }, { parts: ["text"], slots: [] }, NOW);
}
const clock = () => NOW;
const access = memoryAccessStore({ random: randomBytes, pages: [pageId] });
const subscribers = memorySubscriberStore();
const nothing = async () => ({ outcome: "accepted", providerId: null }) as const;

const email = emailSender({ ledger, access, mail: { send: nothing }, from: "status@example.com" });
const sms = smsSender({ ledger, subscribers, sms: { send: nothing }, clock });
const webhook = webhookSender({
  ledger,
  access,
  subscribers,
  quarantines: memoryQueues(clock).ports,
  https: { post: nothing },
  clock,
});
const gone = { outcome: "gone", reason: "gone" } as const;

/** It would be sent nothing, and be recorded as if it had been. */
test.each<[string, () => Promise<unknown>]>([
  ["an email to an endpoint", () => send(email, byWebhook)],
  ["an SMS to an endpoint", () => send(sms, byWebhook)],
  ["a webhook to an address", () => send(webhook, byMail)],
  ["an SMS's outcome about an endpoint", () => sms.afterOutcome(byWebhook, gone, null)],
  ["a webhook's outcome about an address", () => webhook.afterOutcome(byMail, gone, null)],
  ["an address at the gate of an endpoint", () => webhook.admit(byMail, aDelivery(key))],
  ["an address whose endpoint is dead", () => webhook.onExhausted(byMail, aDelivery(key))],
])("%s is an error", async (_what, run) => {
  await expect(run()).rejects.toThrow(
    /^subscriber [a-z0-9]{12} is one of (email|webhook), not of (email|sms|webhook)$/,
  );
});

async function send(sender: ChannelSender, subscriber: typeof byMail | typeof byWebhook): Promise<unknown> {
  return (await sender.prepare(key)).send(subscriber);
}
