import { splice } from "../core/rendering.ts";
import { mustBeOn, type Subscriber } from "../core/subscriber.ts";
import { subscriberToken } from "../core/subscriber-token.ts";
import type { Mail } from "../providers/mail.ts";
import { ADMITTED, type ChannelSender } from "../send-chunk/channel-sender.ts";
import { storedTexts } from "../send-chunk/stored-text.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";

/** Email: puts only sender, address and unsubscribe token into the text stored in the subscriber's language. */
export function emailSender(deps: {
  ledger: Pick<Ledger, "getRendering">;
  access: Pick<AccessStore, "currentSigningKey">;
  mail: Mail;
  /** Null: there is none, so that what is made here is not sent (`noMail`). */
  from: string | null;
}): ChannelSender {
  return {
    channel: "email",
    async prepare(update) {
      const key = await deps.access.currentSigningKey(update.pageId);
      const texts = storedTexts(update, deps.ledger);
      const textFor = ({ locale }: Subscriber) => texts({ format: "email", locale });
      return {
        async ready(readers) {
          await Promise.all(readers.map(textFor));
        },
        async send(subscriber) {
          const { pageId, id, channel, email } = mustBeOn(subscriber, "email");
          const token = subscriberToken(key, "unsubscribe", { pageId, channel, subscriberId: id });
          const raw = splice(await textFor(subscriber), {
            sender: deps.from ?? "",
            address: email,
            unsubscribe_token: token,
          });
          const tags = { page: pageId, incident: update.subject.id, seq: String(update.seq), subscriber: id };
          return deps.mail.send({ to: email, raw, tags });
        },
      };
    },
    admit: async () => ADMITTED,
    async afterOutcome() {},
    async onExhausted() {},
  };
}
