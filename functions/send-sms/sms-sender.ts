import type { Clock } from "../core/clock.ts";
import { splice } from "../core/rendering.ts";
import { mustBeOn, type Subscriber } from "../core/subscriber.ts";
import type { Sms } from "../providers/sms.ts";
import { ADMITTED, type ChannelSender } from "../send-chunk/channel-sender.ts";
import { storedTexts } from "../send-chunk/stored-text.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

/**
 * SMS: all subscribers of a language get the same text. A holder who replied STOP is unsubscribed: opted-out is final.
 */
export function smsSender(deps: {
  ledger: Pick<Ledger, "getRendering">;
  subscribers: Pick<SubscriberStore, "changeState">;
  sms: Sms;
  clock: Clock;
}): ChannelSender {
  return {
    channel: "sms",
    async prepare(update) {
      const texts = storedTexts(update, deps.ledger);
      const textFor = ({ locale }: Subscriber) => texts({ format: "sms", locale });
      return {
        async ready(readers) {
          await Promise.all(readers.map(textFor));
        },
        async send(subscriber) {
          const text = splice(await textFor(subscriber), { sender: "", address: "", unsubscribe_token: "" });
          return deps.sms.send(mustBeOn(subscriber, "sms"), text);
        },
      };
    },
    admit: async () => ADMITTED,
    async afterOutcome(subscriber, outcome) {
      const { pageId, channel, id } = mustBeOn(subscriber, "sms");
      if (outcome.outcome !== "gone") return;
      await deps.subscribers.changeState(pageId, channel, id, { from: ["active"], to: "unsubscribed" }, deps.clock());
    },
    async onExhausted() {},
  };
}
