import type { Random } from "../core/clock.ts";
import { newConfirmToken } from "../core/confirm-token.ts";
import type { Locale } from "../core/locale.ts";
import type { Branding, Page } from "../core/page.ts";
import { letterWork } from "../core/queued-work.ts";
import type { EmailSubscriber } from "../core/subscriber.ts";
import type { LetterQueue } from "../providers/queues.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

export interface ConfirmationDeps {
  status: Pick<StatusStore, "getPage">;
  subscribers: Pick<SubscriberStore, "saveConfirmToken" | "replace">;
  letters: LetterQueue;
  /** The whole mail that asks for a confirmation, RFC 5322. */
  renderConfirmation: (mail: {
    pageName: string;
    branding: Branding;
    locale: Locale;
    to: string;
    token: string;
  }) => Promise<string>;
  random: Random;
}

/**
 * Gives an unconfirmed subscriber a new token, which makes earlier links void, and has it mailed. False: the subscriber
 * is not unconfirmed. Throws if the mail could not be made or queued. Then it takes the token back, so that nobody
 * believes that it was sent.
 */
export async function sendConfirmation(
  deps: ConfirmationDeps,
  subscriber: EmailSubscriber,
  now: number,
): Promise<boolean> {
  const { pageId, channel, id: subscriberId } = subscriber;
  const page = await deps.status.getPage(pageId);
  if (page === null) return false;
  const { token, hash } = newConfirmToken({ pageId, channel, subscriberId }, deps.random);
  const saved = await deps.subscribers.saveConfirmToken(pageId, channel, subscriberId, hash, now);
  if (saved.outcome !== "changed") return false;
  try {
    await mailToken(deps, page, subscriber, token);
  } catch (error) {
    // Unless somebody sends it again at this moment: their token stays.
    await deps.subscribers.replace(saved.subscriber, { ...saved.subscriber, confirmTokenHash: null });
    throw error;
  }
  return true;
}

async function mailToken(
  { letters, renderConfirmation, random }: ConfirmationDeps,
  { name: pageName, branding }: Page,
  subscriber: EmailSubscriber,
  token: string,
): Promise<void> {
  const { locale, email: to } = subscriber;
  const raw = await renderConfirmation({ pageName, branding, locale, to, token });
  const content = { cause: "operator", letter: { about: "confirmation" }, raw } as const;
  await letters.sendLetter(letterWork(subscriber, content, random));
}
