import type { Subscriber } from "../../core/subscriber.ts";
import { CHAT_NAMES } from "../../templates/chat-names.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";

/**
 * What a confirmation is for, in the words of its pages. They name a chat's hook and its host, because a contact may
 * have several.
 */
export function confirmWords(subscriber: Subscriber) {
  const words = stringsOf(subscriber.locale).subscriptions;
  const chat = chatOf(subscriber);
  return chat === null
    ? { question: words.confirm, confirmed: words.confirmed }
    : { question: words.confirmChat(chat.name, chat.host), confirmed: words.chatConfirmed(chat.name, chat.host) };
}

function chatOf(subscriber: Subscriber): { name: string; host: string } | null {
  if (subscriber.channel !== "webhook" || subscriber.format === "statuspage") return null;
  return { name: CHAT_NAMES[subscriber.format], host: new URL(subscriber.endpoint).host };
}
