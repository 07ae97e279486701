import { splice, type TextName } from "../core/rendering.ts";
import { mustBeOn, type Subscriber } from "../core/subscriber.ts";
import { subscriberToken } from "../core/subscriber-token.ts";
import type { Https } from "../providers/https.ts";
import type { ChannelSender } from "../send-chunk/channel-sender.ts";
import { storedTexts } from "../send-chunk/stored-text.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import { admitToEndpoint } from "./admit.ts";
import { keepHealth } from "./keep-health.ts";
import { type QuarantineDeps, quarantineIfDead } from "./quarantine.ts";
import { signedHeaders } from "./signed-headers.ts";

/**
 * Webhooks, signed with the endpoint's present secret as Standard Webhooks 1.0 defines it. 410 unsubscribes; three days
 * of failures quarantine.
 */
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
      const key = await deps.access.currentSigningKey(update.pageId);
      const texts = storedTexts(update, deps.ledger);
      return {
        async ready(readers) {
          await Promise.all(readers.map((subscriber) => texts(textNameFor(subscriber))));
        },
        async send(subscriber) {
          const webhook = mustBeOn(subscriber, "webhook");
          const { pageId, channel, id: subscriberId, endpoint } = webhook;
          const token = subscriberToken(key, "unsubscribe", { pageId, channel, subscriberId });
          const body = splice(await texts(textNameFor(subscriber)), {
            sender: "",
            address: "",
            unsubscribe_token: token,
          });
          const headers = signedHeaders(webhook, key, update.updateId, body, deps.clock());
          return deps.https.post({ endpoint, headers, body });
        },
      };
    },
    async admit(subscriber, delivery) {
      return admitToEndpoint(mustBeOn(subscriber, "webhook"), delivery, deps);
    },
    async afterOutcome(subscriber, outcome, claimed) {
      const webhook = mustBeOn(subscriber, "webhook");
      await keepHealth(webhook, outcome, claimed, deps);
      if (outcome.outcome !== "gone") return;
      const { pageId, channel, id } = webhook;
      await deps.subscribers.changeState(pageId, channel, id, { from: ["active"], to: "unsubscribed" }, deps.clock());
    },
    async onExhausted(subscriber, delivery) {
      // A resent delivery is one attempt: it says nothing about three days.
      if (delivery.resent !== undefined) return;
      await quarantineIfDead(mustBeOn(subscriber, "webhook"), delivery.committedAt, delivery.reason ?? "", deps);
    },
  };
}

function textNameFor(subscriber: Subscriber): TextName {
  const { format, locale } = mustBeOn(subscriber, "webhook");
  return format === "statuspage" ? { format: "webhook", locale: null } : { format, locale };
}
