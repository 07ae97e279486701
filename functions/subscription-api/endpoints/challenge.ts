import { newConfirmToken } from "../../core/confirm-token.ts";
import { newId, sha256Hex } from "../../core/ids.ts";
import type { LetterWork } from "../../core/queued-work.ts";
import { UNPROVEN_DAYS, type WebhookSubscriber } from "../../core/subscriber.ts";
import type { Asker } from "../letters.ts";
import type { Visit } from "../visit.ts";
import { type ContactMail, contactLetter, toldToContact } from "./contact-letter.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const ECHO_BYTES = 24;

/** What proves that an endpoint belongs to the person who registered it. `hash` is its stored form. */
export type Proof =
  /** The endpoint answers with it. */
  | { by: "echo"; echo: string; hash: string }
  /** A chat's webhook cannot answer: its contact clicks a link once the first post has arrived. */
  | { by: "contact"; token: string; hash: string };

export function newProof(
  { random }: Pick<WebhookDeps, "random">,
  { pageId, channel, id: subscriberId, format }: Pick<WebhookSubscriber, "pageId" | "channel" | "id" | "format">,
): Proof {
  if (format !== "statuspage") return { by: "contact", ...newConfirmToken({ pageId, channel, subscriberId }, random) };
  const echo = Buffer.from(random(ECHO_BYTES)).toString("base64url");
  return { by: "echo", echo, hash: sha256Hex(echo) };
}

/**
 * Sets going what the proof needs, once its hash is stored: a challenge, or a chat's first post and after it a mail to
 * the contact.
 */
export async function askForProof(
  deps: WebhookDeps,
  visit: Visit,
  subscriber: WebhookSubscriber,
  proof: Proof,
  mail: { contact: ContactMail; cause: Asker },
): Promise<void> {
  const { format, contactEmail: to, locale } = subscriber;
  if (proof.by === "echo") {
    await sendProbe(deps, visit, subscriber, { probe: "challenge", echo: proof.echo });
    return;
  }
  const hello = { probe: "hello", confirmTokenHash: proof.hash } as const;
  if (to === null || format === "statuspage") {
    await sendProbe(deps, visit, subscriber, hello);
    return;
  }
  const confirmUrl = `${deps.subscriptionsUrl}/confirm/${proof.token}`;
  const told = toldToContact(deps, visit.key, subscriber, to);
  const raw = await deps.renderChatConfirmation({
    page: visit.page,
    locale,
    to,
    ...told,
    days: UNPROVEN_DAYS,
    chat: format,
    confirmUrl,
  });
  const letter = contactLetter(deps, subscriber, to, raw, mail.cause);
  // The sender of the post mails the letter once the chat has taken the post: nobody can confirm what never arrived. A
  // letter that is withheld is made all the same, so that the time it takes shows nothing.
  await sendProbe(deps, visit, subscriber, mail.contact === "send" ? { ...hello, letter } : hello);
}

/** Queues a probe and returns its id. */
export async function sendProbe(
  deps: WebhookDeps,
  { page, now }: Visit,
  { pageId, channel, id: subscriberId, format, locale }: WebhookSubscriber,
  what:
    | { probe: "challenge"; echo: string }
    | { probe: "test" }
    | { probe: "hello"; confirmTokenHash: string; letter?: LetterWork },
): Promise<string> {
  const probeId = newId(deps.random);
  const text = what.probe === "test" ? { ...what, probeId } : what;
  const body = deps.renderProbe(text, { page, format, locale, now });
  const subject = { kind: "probe", pageId, channel, subscriberId, probeId } as const;
  await deps.probes.sendProbe({ ...subject, echo: null, ...what, askedAt: now, body, tries: 0 }, 0);
  return probeId;
}
