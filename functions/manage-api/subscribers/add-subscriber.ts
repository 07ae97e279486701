import { newId } from "../../core/ids.ts";
import type { Impact } from "../../core/incident.ts";
import { lastingReason, type Scopes, type Subscriber, type WebhookSubscriber } from "../../core/subscriber.ts";
import { invalid } from "../../lambda/problem.ts";
import { sendConfirmation } from "../../subscriptions/confirmation.ts";
import type { Contact } from "../../subscriptions/contact.ts";
import { newSubscriber } from "../../subscriptions/new-subscriber.ts";
import type { ManageCall, ManageDeps } from "../call.ts";
import { conflict } from "../save-with-retry.ts";
import { refuseBlocked } from "./blocked.ts";
import { fieldOf } from "./subscriber-view.ts";

export interface Addition {
  contact: Contact;
  scopes: Scopes;
  /** Absent: updates of any impact. */
  minimumImpact?: Impact | undefined;
  /** Active at once; otherwise the holder of an email address has to confirm first. */
  confirmed: boolean;
}

export type AddOutcome = { outcome: "added"; subscriber: Subscriber } | { outcome: "taken"; holder: Subscriber };

/**
 * Stores a subscriber and sets a confirmation going if one is needed. Somebody who had unsubscribed, or an endpoint in
 * quarantine, comes back under the old id. `taken`: the address has a living subscriber already, who stays as they are.
 * Throws 422 for an address that is blocked, and for somebody who complained and left.
 */
export async function addSubscriber(deps: ManageDeps, call: ManageCall, addition: Addition): Promise<AddOutcome> {
  const { contact, scopes } = addition;
  const fresh = newSubscriber(
    {
      pageId: call.page.id,
      id: newId(call.idRandom),
      contact,
      scopes,
      locale: call.page.locale,
      confirmed: addition.confirmed || contact.channel !== "email",
    },
    call.now,
  );
  const subscriber = withImpact(fresh, addition.minimumImpact);
  const key = await deps.access.currentSigningKey(call.page.id);
  await refuseBlocked(deps, key, subscriber, `subscriber.${fieldOf(subscriber)}`);
  const created = await deps.subscribers.create(subscriber);
  if (created.outcome === "created") {
    return { outcome: "added", subscriber: await confirmIfNeeded(deps, subscriber, call.now) };
  }
  const holder = await deps.subscribers.get(call.page.id, subscriber.channel, created.subscriberId);
  // It was removed between the two calls.
  if (holder === null) throw conflict();
  // An earlier run under the same Idempotency-Key stored it, and may have died before the confirmation went out.
  if (holder.id === subscriber.id) {
    return { outcome: "added", subscriber: await confirmIfNeeded(deps, holder, call.now) };
  }
  if (holder.state === "unsubscribed" && lastingReason(holder) === "complaint") {
    throw invalid(`subscriber.${fieldOf(holder)}`, "is not to be written to: its holder complained, and left");
  }
  if (!mayComeBack(holder)) return { outcome: "taken", holder };
  return { outcome: "added", subscriber: await bringBack(deps, holder, subscriber, call.now) };
}

/** Subscribing an endpoint again is also how it leaves its quarantine, and how a stranger's open registration ends. */
function mayComeBack({ state, channel }: Subscriber): boolean {
  return state === "unsubscribed" || (channel === "webhook" && state !== "active");
}

function withImpact(subscriber: Subscriber, minimumImpact: Impact | undefined): Subscriber {
  if (minimumImpact === undefined) return subscriber;
  return { ...subscriber, preferences: { ...subscriber.preferences, minimumImpact } };
}

/**
 * Brings somebody back under the old id. It keeps nothing of the old life but its beginning and an endpoint's secret,
 * which its receiver has.
 */
async function bringBack(deps: ManageDeps, holder: Subscriber, wanted: Subscriber, now: number): Promise<Subscriber> {
  const old = { id: holder.id, createdAt: holder.createdAt };
  const next: Subscriber =
    wanted.channel === "webhook" && holder.channel === "webhook"
      ? { ...wanted, ...old, ...secretOf(holder) }
      : { ...wanted, ...old };
  const changed = await deps.subscribers.replace(holder, next);
  if (changed.outcome !== "changed") throw conflict();
  return confirmIfNeeded(deps, changed.subscriber, now);
}

/** Somebody who registered an endpoint and never proved that it is theirs knows a secret that must not count. */
function secretOf({ state, secretVersion, rotation }: WebhookSubscriber): Pick<WebhookSubscriber, "secretVersion"> {
  if (state === "unconfirmed") return { secretVersion: secretVersion + 1 };
  return { secretVersion, ...(rotation === undefined ? {} : { rotation }) };
}

async function confirmIfNeeded(deps: ManageDeps, subscriber: Subscriber, now: number): Promise<Subscriber> {
  if (subscriber.channel === "email" && subscriber.state === "unconfirmed")
    await sendConfirmation(deps, subscriber, now);
  return subscriber;
}
