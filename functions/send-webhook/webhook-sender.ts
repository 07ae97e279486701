import { splice } from "../core/rendering.ts";
import { subscriberToken, versionsInForce, webhookId, webhookSecret, webhookSignature } from "../core/signature.ts";
import type { Https } from "../providers/https.ts";
import type { ChannelSender } from "../send-chunk/channel-sender.ts";
import { storedText } from "../send-chunk/stored-text.ts";
import type { AccessStore } from "../store/access.ts";
import type { Ledger } from "../store/deliveries.ts";
import { type QuarantineDeps, quarantineIfDead } from "./quarantine.ts";

/** Webhooks, signed as Standard Webhooks 1.0 has it, with the endpoint's present secret. 410 unsubscribes; three days of failures quarantine. */
export function webhookSender(
  deps: QuarantineDeps & {
    ledger: Pick<Ledger, "getRendering">;
    access: Pick<AccessStore, "currentSigningKey">;
    https: Https;
  },
): ChannelSender {
  return {
    channel: "webhook",
    async prepare(update) {
      const [text, key] = await Promise.all([
        storedText(update, "webhook", deps.ledger),
        deps.access.currentSigningKey(update.pageId),
      ]);
      return async (subscriber) => {
        if (subscriber.channel !== "webhook") throw new Error(`subscriber ${subscriber.id} has no endpoint`);
        const { pageId, channel, id: subscriberId, endpoint } = subscriber;
        const token = subscriberToken(key, "unsubscribe", { pageId, channel, subscriberId });
        const body = splice(text, { address: "", unsubscribe_token: token });
        const id = webhookId(subscriberId, update.id);
        const now = deps.clock();
        const timestamp = Math.floor(now / 1_000);
        const signatures = versionsInForce(subscriber, now).map((version) =>
          webhookSignature(webhookSecret(key, pageId, subscriberId, version), id, timestamp, body),
        );
        const headers = {
          "user-agent": "Tocsin-Webhooks/1.0",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signatures.join(" "),
        };
        return deps.https.post({ endpoint, headers, body });
      };
    },
    async afterOutcome({ pageId, channel, id }, outcome) {
      if (outcome.outcome !== "gone") return;
      await deps.subscribers.changeState(pageId, channel, id, ["active"], "unsubscribed", deps.clock());
    },
    async onExhausted(subscriber, delivery) {
      if (subscriber.channel === "webhook") await quarantineIfDead(subscriber, delivery, deps);
    },
  };
}
