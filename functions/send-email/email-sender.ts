import { splice } from "../core/rendering.ts";
import { subscriberToken } from "../core/signature.ts";
import type { Mail } from "../providers/mail.ts";
import { ADMITTED, type ChannelSender } from "../send-chunk/channel-sender.ts";
import { storedText } from "../send-chunk/stored-text.ts";
import type { AccessStore } from "../store/access.ts";
import type { Ledger } from "../store/deliveries.ts";

/** Email: only the address and the unsubscribe token are put into the stored text. */
export function emailSender(deps: {
  ledger: Pick<Ledger, "getRendering">;
  access: Pick<AccessStore, "currentSigningKey">;
  mail: Mail;
}): ChannelSender {
  return {
    channel: "email",
    async prepare(update) {
      const [text, key] = await Promise.all([
        storedText(update, "email", deps.ledger),
        deps.access.currentSigningKey(update.pageId),
      ]);
      return async (subscriber) => {
        if (subscriber.channel !== "email") throw new Error(`subscriber ${subscriber.id} has no email address`);
        const { pageId, id, channel, email } = subscriber;
        const token = subscriberToken(key, "unsubscribe", { pageId, channel, subscriberId: id });
        const raw = splice(text, { address: email, unsubscribe_token: token });
        const tags = { page: pageId, incident: update.incidentId, seq: String(update.seq), subscriber: id };
        return deps.mail.send({ to: email, raw, tags });
      };
    },
    admit: async () => ADMITTED,
    async afterOutcome() {},
    async onExhausted() {},
  };
}
