import { isSupportedCountry } from "libphonenumber-js/mobile";
import * as z from "zod/mini";
import { cleanAddress, cleanUrl } from "../../core/invisible.ts";
import { type Channel, lastingReason, normalizeEmail, type Subscriber } from "../../core/subscriber.ts";
import { fieldsIn, line, optional } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { block } from "../../subscriptions/blocks.ts";
import { changeSubscriber } from "../../subscriptions/change-subscriber.ts";
import { parseNumber, storedEndpoint } from "../../subscriptions/contact.ts";
import { emailAddress } from "../../subscriptions/email-address.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound } from "../call.ts";
import { everybody } from "./subscriber-lists.ts";

const eraseSchema = z.object({
  email: optional(line(320, cleanAddress)),
  endpoint: optional(line(2_000, cleanUrl)),
  phone_number: optional(line(40, cleanAddress)),
  phone_country: optional(line(2, cleanAddress)),
});
type Named = z.output<typeof eraseSchema>;

/** Tocsin's own: removes everything that the page knows of an address, in any state. */
export function subscriberErasureRoutes(deps: ManageDeps): ManageRoute[] {
  return [
    {
      method: "POST",
      path: "/pages/{page}/subscribers/erase",
      scope: "subscribers:write",
      run: (call) => erase(deps, call),
    },
  ];
}

/**
 * A keyed hash stays of an address that nothing may be sent to again, and so do the records of deliveries, which name
 * only an id.
 */
async function erase(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { channel, address, before } = addressIn(fieldsIn(eraseSchema, call.body, ""));
  const found = await deps.subscribers.findByAddress(call.page.id, channel, address);
  const subscriber = found ?? (await deps.subscribers.findByAddress(call.page.id, channel, before));
  const contactOf = channel === "email" ? await forgetContact(deps, call, address) : [];
  if (subscriber === null) {
    if (contactOf.length === 0) throw notFound("subscriber");
    return { status: 200, body: { id: null, mode: null, state: null, kept_hash: null, contact_of: contactOf } };
  }
  const reason = lastingReason(subscriber);
  // The block first: a run that dies in between has forgotten nothing.
  if (reason !== null) {
    const key = await deps.access.currentSigningKey(call.page.id);
    await block(deps, key, { pageId: call.page.id, channel, address }, reason, call.now);
  }
  await deps.subscribers.remove(call.page.id, channel, subscriber.id);
  const { id, state } = subscriber;
  return { status: 200, body: { id, mode: channel, state, kept_hash: reason, contact_of: contactOf } };
}

/**
 * The address in its stored form, and in the form of earlier versions. The rules for new addresses do not count here:
 * they may have changed since.
 */
function addressIn({ email, endpoint, phone_number, phone_country }: Named): {
  channel: Channel;
  address: string;
  before: string;
} {
  if ([email, endpoint, phone_number].filter((each) => each !== undefined).length !== 1) {
    throw invalid("email", "or endpoint or phone_number is required, and one of them alone");
  }
  if (email !== undefined) return same("email", emailIn(email));
  if (phone_number !== undefined) return same("sms", phoneIn(phone_number, phone_country));
  const url = URL.parse(endpoint ?? "");
  if (url === null) throw invalid("endpoint", "must be a URL");
  const address = storedEndpoint(url);
  url.hash = "";
  return { channel: "webhook", address, before: url.href };
}

function same(channel: Channel, address: string) {
  return { channel, address, before: address };
}

function emailIn(given: string): string {
  const parsed = emailAddress(given);
  return normalizeEmail("address" in parsed ? parsed.address : given);
}

function phoneIn(number: string, country: string | undefined): string {
  const home = country?.toUpperCase().replace(/^UK$/, "GB");
  const known = home !== undefined && isSupportedCountry(home) ? home : undefined;
  if (known === undefined && home !== undefined)
    throw invalid("phone_country", "must be a country code of two letters");
  if (known === undefined && !number.startsWith("+")) {
    throw invalid("phone_country", "is required for a number without its country code");
  }
  const parsed = parseNumber(number, known);
  if (parsed === undefined) throw invalid("phone_number", "is not a phone number");
  return parsed.number;
}

/** Forgets this address as the contact for endpoints' trouble: the endpoints stay, and notify nobody. */
async function forgetContact(deps: ManageDeps, call: ManageCall, email: string): Promise<string[]> {
  const forgotten: string[] = [];
  for await (const subscriber of everybody(deps, call.page.id, "webhook")) {
    await forgetRegistrations(deps, subscriber, email);
    const changed = await changeSubscriber(deps, subscriber, (present) =>
      isContact(present, email) ? { ...present, contactEmail: null, updatedAt: call.now } : null,
    );
    if (changed.outcome === "changed") forgotten.push(subscriber.id);
    if (changed.outcome === "contended") throw new Error(`endpoint ${subscriber.id} kept changing, with its contact`);
  }
  return forgotten;
}

/**
 * Registrations that wait beside an endpoint name a contact too. A person who has to register it again has lost a day
 * at most.
 */
async function forgetRegistrations({ subscribers }: ManageDeps, subscriber: Subscriber, email: string): Promise<void> {
  const { pageId, channel, id, state } = subscriber;
  if (state === "active") return;
  const invitations = await subscribers.invitationsOf(pageId, channel, id);
  const named = invitations.some(({ registration }) => normalizeEmail(registration?.contactEmail ?? "") === email);
  if (named) await subscribers.forgetInvitations(pageId, channel, id);
}

function isContact(subscriber: Subscriber, email: string): subscriber is Subscriber & { channel: "webhook" } {
  if (subscriber.channel !== "webhook" || subscriber.contactEmail === null) return false;
  return normalizeEmail(subscriber.contactEmail) === email;
}
