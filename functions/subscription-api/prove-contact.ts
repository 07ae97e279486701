import { addressMac } from "../core/address-mac.ts";
import { mailboxOf } from "../core/mailbox.ts";
import type { SigningKey } from "../core/signing-key.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import { changePermits, type PermitsDeps } from "../permits/change-permits.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";
import { changeSubscriber } from "../subscriptions/change-subscriber.ts";

interface ProofDeps extends PermitsDeps {
  subscribers: Pick<SubscriberStore, "replace">;
}

/**
 * Somebody who uses a link that was mailed to an endpoint's contact is its contact. From now on they get mails about
 * trouble, and the letters that anybody gets. Only a POST counts: mail scanners open links.
 */
export async function proveContact(
  deps: ProofDeps,
  key: SigningKey,
  subscriber: WebhookSubscriber,
): Promise<WebhookSubscriber> {
  const { contactEmail, createdAt, pageId } = subscriber;
  if (contactEmail === null || subscriber.contactProvenAt !== undefined) return subscriber;
  await proveMailbox(deps, addressMac(key, "email", mailboxOf(contactEmail)));
  const changed = await changeSubscriber(deps, subscriber, (present) => {
    // Somebody else has registered it again since.
    if (present.contactEmail !== contactEmail || present.createdAt !== createdAt) return null;
    const now = deps.clock();
    return { ...present, contactProvenAt: now, updatedAt: now };
  });
  switch (changed.outcome) {
    case "changed":
    case "kept":
      return changed.subscriber;
    case "missing":
      return subscriber;
    case "contended":
      throw new Error(`endpoint ${subscriber.id} of page ${pageId} kept changing while its contact was proven`);
  }
}

async function proveMailbox(deps: PermitsDeps, mac: string): Promise<void> {
  const changed = await changePermits(deps, mac, async (known) => ({
    next: known.contact?.is === "proven" ? null : { ...known, contact: { is: "proven" } },
    answer: null,
  }));
  if (changed.outcome === "contended") throw new Error("the permits of a mailbox kept changing");
}
