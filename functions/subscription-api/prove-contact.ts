import { addressMac } from "../core/address-mac.ts";
import type { Clock } from "../core/clock.ts";
import { mailboxOf } from "../core/mailbox.ts";
import type { SigningKey } from "../core/signing-key.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

type Permits = Pick<AccessStore, "getPermits" | "savePermits">;

/** Somebody else changed the endpoint or the mailbox's permits at the same moment. */
const TRIES = 4;

/**
 * Whoever uses a link that was mailed to an endpoint's contact is its contact: from now on they are told of trouble, and
 * get the letters that anybody gets. By a POST alone: mail scanners open links.
 */
export async function proveContact(
  {
    subscribers,
    access,
    clock,
  }: {
    subscribers: Pick<SubscriberStore, "replace">;
    access: Permits;
    clock: Clock;
  },
  key: SigningKey,
  subscriber: WebhookSubscriber,
): Promise<WebhookSubscriber> {
  const { contactEmail, pageId } = subscriber;
  if (contactEmail === null || subscriber.contactProvenAt !== undefined) return subscriber;
  await proveMailbox(access, addressMac(key, "email", mailboxOf(contactEmail)), clock());
  let read = subscriber;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const now = clock();
    const changed = await subscribers.replace(read, { ...read, contactProvenAt: now, updatedAt: now });
    const present = changed.outcome === "missing" ? null : changed.subscriber;
    if (present?.channel !== "webhook" || changed.outcome === "changed")
      return present?.channel === "webhook" ? present : read;
    // Registered anew by somebody else.
    if (present.contactEmail !== contactEmail || present.createdAt !== subscriber.createdAt) return present;
    read = present;
  }
  throw new Error(`endpoint ${subscriber.id} of page ${pageId} kept changing while its contact was proven`);
}

async function proveMailbox(access: Permits, mac: string, now: number): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const known = await access.getPermits(mac);
    if (known.contact?.is === "proven") return;
    const { version: _, ...rest } = known;
    const saved = await access.savePermits(mac, known, { ...rest, contact: { is: "proven" } }, now);
    if (saved.outcome === "saved") return;
  }
  throw new Error("the permits of a mailbox kept changing");
}
