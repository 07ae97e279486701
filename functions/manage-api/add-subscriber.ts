import { newConfirmToken } from "../core/confirm-token.ts";
import { newId } from "../core/ids.ts";
import { ALL_UPDATES, type EmailSubscriber, FIRST_AND_LAST, type Scopes, type Subscriber } from "../core/subscriber.ts";
import type { ManageCall, ManageDeps } from "./route.ts";
import { conflict } from "./save-with-retry.ts";
import type { Contact } from "./subscriber-input.ts";

export interface NewSubscription {
  contact: Contact;
  scopes: Scopes;
  /** Active at once; otherwise an email address has to be confirmed first. */
  confirmed: boolean;
}

export type AddOutcome = { outcome: "added"; subscriber: Subscriber } | { outcome: "taken"; holder: Subscriber };

/**
 * Stores a subscriber and, where one is needed, sets the confirmation going. Somebody who had unsubscribed, or
 * an endpoint in quarantine, comes back under the old id. `taken`: the address has a living subscriber already, which is left as it is.
 */
export async function addSubscriber(
  deps: ManageDeps,
  call: ManageCall,
  subscription: NewSubscription,
): Promise<AddOutcome> {
  const subscriber = newSubscriber(call, subscription);
  const created = await deps.subscribers.create(subscriber);
  if (created.outcome === "created") {
    return { outcome: "added", subscriber: await confirmIfNeeded(deps, subscriber, call.now) };
  }
  const holder = await deps.subscribers.get(call.page.id, subscriber.channel, created.subscriberId);
  // Removed between the two calls.
  if (holder === null) throw conflict();
  // An earlier run under the same Idempotency-Key stored it, and may have died before the confirmation went out.
  if (holder.id === subscriber.id) {
    return { outcome: "added", subscriber: await confirmIfNeeded(deps, holder, call.now) };
  }
  if (!mayComeBack(holder)) return { outcome: "taken", holder };
  return { outcome: "added", subscriber: await bringBack(deps, holder, subscriber, call.now) };
}

function newSubscriber(call: ManageCall, { contact, scopes, confirmed }: NewSubscription): Subscriber {
  const active = confirmed || contact.channel !== "email";
  const common = {
    pageId: call.page.id,
    id: newId(call.idRandom),
    state: active ? ("active" as const) : ("unconfirmed" as const),
    scopes,
    preferences: contact.channel === "sms" ? FIRST_AND_LAST : ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: call.now,
    updatedAt: call.now,
    confirmedAt: active ? call.now : null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
  switch (contact.channel) {
    case "email":
      return { ...common, ...contact };
    case "sms":
      return { ...common, ...contact };
    case "webhook":
      return { ...common, ...contact, format: "statuspage", statuses: null, secretVersion: 1 };
  }
}

/** Subscribing an endpoint anew is also how it leaves its quarantine. */
function mayComeBack({ state, channel }: Subscriber): boolean {
  return state === "unsubscribed" || (state === "quarantined" && channel === "webhook");
}

async function bringBack(deps: ManageDeps, holder: Subscriber, wanted: Subscriber, now: number): Promise<Subscriber> {
  const { pageId, channel, id } = holder;
  await deps.subscribers.saveScopes(pageId, channel, id, wanted.scopes, now);
  const changed = await deps.subscribers.changeState(pageId, channel, id, [holder.state], wanted.state, now);
  if (changed.outcome !== "changed") throw conflict();
  return confirmIfNeeded(deps, changed.subscriber, now);
}

async function confirmIfNeeded(deps: ManageDeps, subscriber: Subscriber, now: number): Promise<Subscriber> {
  if (subscriber.channel === "email" && subscriber.state === "unconfirmed")
    await sendConfirmation(deps, subscriber, now);
  return subscriber;
}

/** Gives an unconfirmed subscriber a new token, which makes earlier links void, and has it mailed. False: it is not unconfirmed. */
export async function sendConfirmation(
  deps: Pick<ManageDeps, "status" | "subscribers" | "confirmations" | "renderConfirmation" | "random">,
  subscriber: EmailSubscriber,
  now: number,
): Promise<boolean> {
  const { pageId, channel, id: subscriberId } = subscriber;
  const page = await deps.status.getPage(pageId);
  if (page === null) return false;
  const { token, hash } = newConfirmToken({ pageId, channel, subscriberId }, deps.random);
  const saved = await deps.subscribers.saveConfirmToken(pageId, channel, subscriberId, hash, now);
  if (saved.outcome !== "changed") return false;
  const raw = await deps.renderConfirmation({ pageName: page.name, to: subscriber.email, token });
  await deps.confirmations.sendConfirmation({ kind: "confirmation", pageId, channel, subscriberId, raw });
  return true;
}
