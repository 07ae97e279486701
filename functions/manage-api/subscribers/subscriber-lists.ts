import * as z from "zod/mini";
import { hearsNothing } from "../../core/chosen.ts";
import { cleanAddress } from "../../core/invisible.ts";
import {
  addressOf,
  CHANNELS,
  type Channel,
  channelSchema,
  normalizeEmail,
  type Subscriber,
} from "../../core/subscriber.ts";
import { fieldsIn, flag, type ListWindow, oneOf, optional, windowIn } from "../../lambda/input.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { emailAddress } from "../../subscriptions/email-address.ts";
import type { ManageCall, ManageDeps, ManageReply } from "../call.ts";
import { presentSubscriber } from "./subscriber-view.ts";

const READ_AT_ONCE = 1_000;
/** Sorting needs everything asked for at once; beyond this it would take too long and too much memory. */
const MOST_SORTED = 20_000;

// Statuspage's types that Tocsin has no channel for: no subscriber has them.
export const OTHER_TYPES = ["slack", "teams", "integration_partner"] as const;

/** A number as people write it: "(0151) 234-567". */
const WRITTEN_NUMBER = /^\+?[\d\s()./-]+$/;
const FEWEST_DIGITS = 3;

const filterSchema = z.object({
  type: optional(oneOf([...channelSchema.options, ...OTHER_TYPES])),
  state: optional(oneOf(["active", "unconfirmed", "quarantined", "unsubscribed", "all"])),
  q: optional(z.string()),
  /** Tocsin's own: those with nothing left of their choice, because components were deleted. */
  hears_nothing: optional(flag),
  sort_field: optional(oneOf(["primary", "created_at", "quarantined_at", "relevance"])),
  sort_direction: optional(oneOf(["asc", "desc"])),
});
type Filter = z.infer<typeof filterSchema>;

/**
 * Lists them in the order in which they are stored, unless the query asks for another; the first page is page 0, as in
 * Statuspage.
 */
export async function listSubscribers(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const filter = fieldsIn(filterSchema, Object.fromEntries(request.query), "");
  const window = windowIn(request.query, "limit", 0);
  const chosen = walk(deps, page.id, filter);
  const rows = filter.sort_field === undefined ? await take(chosen, window) : await takeSorted(chosen, window, filter);
  const catalog = await deps.status.getCatalog(page.id);
  return { status: 200, body: rows.map((subscriber) => presentSubscriber(subscriber, page, catalog)) };
}

/** `{email, sms, webhook, …}`: how many of each type are in the state. */
export async function countSubscribers(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const { type, state, hears_nothing } = fieldsIn(filterSchema, Object.fromEntries(request.query), "");
  const counts = { email: 0, sms: 0, webhook: 0, integration_partner: 0, slack: 0, teams: 0 };
  for await (const subscriber of walk(deps, page.id, { type, state, hears_nothing })) counts[subscriber.channel] += 1;
  return { status: 200, body: counts };
}

/**
 * How many of each type are in each state. The total leaves out those who have left: Statuspage does not count them
 * here.
 */
export async function subscriberHistogram(deps: ManageDeps, { page }: ManageCall): Promise<ManageReply> {
  const none = () => ({ active: 0, unconfirmed: 0, quarantined: 0, total: 0, unsubscribed: 0 });
  const rows = await Promise.all(
    CHANNELS.map(async (channel) => {
      const counts = none();
      for await (const { state } of everybody(deps, page.id, channel)) {
        counts[state] += 1;
        if (state !== "unsubscribed") counts.total += 1;
      }
      return [channel, counts] as const;
    }),
  );
  const others = { integration_partner: none(), slack: none(), teams: none() };
  return { status: 200, body: { ...Object.fromEntries(rows), ...others } };
}

export async function listUnsubscribed(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const window = windowIn(request.query, "per_page", 1);
  const rows = await take(walk(deps, page.id, { type: undefined, state: "unsubscribed" }), window);
  const catalog = await deps.status.getCatalog(page.id);
  return { status: 200, body: rows.map((subscriber) => presentSubscriber(subscriber, page, catalog)) };
}

/** The subscribers that the filter lets through, channel by channel. */
export async function* walk(
  deps: ManageDeps,
  pageId: string,
  filter: Pick<Filter, "type" | "state"> & Partial<Pick<Filter, "q" | "hears_nothing">>,
): AsyncGenerator<Subscriber> {
  const wanted = wantedIn(filter.q ?? "");
  const catalog = filter.hears_nothing === undefined ? null : await deps.status.getCatalog(pageId);
  for (const channel of channelsOf(filter.type)) {
    for await (const subscriber of everybody(deps, pageId, channel)) {
      if (!isInState(subscriber, filter.state ?? "active") || !contactHas(subscriber, wanted)) continue;
      if (catalog === null || hearsNothing(subscriber.scopes, catalog) === filter.hears_nothing) yield subscriber;
    }
  }
}

/** Part of an address, or a whole one in the form in which it is stored. */
function wantedIn(given: string): string {
  const parsed = emailAddress(given);
  return normalizeEmail("address" in parsed ? parsed.address : cleanAddress(given));
}

/** All subscribers of one channel, in order of position, in any state. */
export async function* everybody(deps: ManageDeps, pageId: string, channel: Channel): AsyncGenerator<Subscriber> {
  let cursor: string | null = null;
  do {
    const read: { items: Subscriber[]; next: string | null } = await deps.subscribers.list(
      pageId,
      channel,
      READ_AT_ONCE,
      cursor,
    );
    yield* read.items;
    cursor = read.next;
  } while (cursor !== null);
}

function channelsOf(type: Filter["type"]): readonly Channel[] {
  return type === undefined ? CHANNELS : CHANNELS.filter((channel) => channel === type);
}

/** "All" is everybody who may still get something: those who left must be asked for by name. */
function isInState(subscriber: Subscriber, state: NonNullable<Filter["state"]>): boolean {
  return state === "all" ? subscriber.state !== "unsubscribed" : subscriber.state === state;
}

/** A search finds an endpoint by its contact's address too, and a phone number in any spelling. */
function contactHas(subscriber: Subscriber, wanted: string): boolean {
  if (wanted === "" || addressOf(subscriber).toLowerCase().includes(wanted)) return true;
  switch (subscriber.channel) {
    case "email":
      return false;
    case "webhook":
      return subscriber.contactEmail?.toLowerCase().includes(wanted) ?? false;
    case "sms":
      return numberHas(subscriber.phone, wanted);
  }
}

function numberHas(phone: string, wanted: string): boolean {
  if (!WRITTEN_NUMBER.test(wanted)) return false;
  const digits = wanted.replace(/\D/g, "").replace(/^0+/, "");
  return digits.length >= FEWEST_DIGITS && phone.includes(digits);
}

export async function take(subscribers: AsyncIterable<Subscriber>, { skip, limit }: ListWindow): Promise<Subscriber[]> {
  const taken: Subscriber[] = [];
  let seen = 0;
  for await (const subscriber of subscribers) {
    seen += 1;
    if (seen > skip) taken.push(subscriber);
    if (taken.length === limit) break;
  }
  return taken;
}

async function takeSorted(
  subscribers: AsyncIterable<Subscriber>,
  { skip, limit }: ListWindow,
  filter: Filter,
): Promise<Subscriber[]> {
  const all = await take(subscribers, { skip: 0, limit: MOST_SORTED + 1 });
  if (all.length > MOST_SORTED) {
    throw new HttpProblem(
      422,
      `More than ${MOST_SORTED} subscribers cannot be sorted: leave out sort_field, or narrow q`,
    );
  }
  const sign = filter.sort_direction === "desc" ? -1 : 1;
  return all.sort((a, b) => sign * compare(a, b, filter.sort_field)).slice(skip, skip + limit);
}

function compare(a: Subscriber, b: Subscriber, field: Filter["sort_field"]): number {
  if (field === "created_at") return a.createdAt - b.createdAt;
  if (field === "quarantined_at") return (a.quarantinedAt ?? 0) - (b.quarantinedAt ?? 0);
  return addressOf(a).localeCompare(addressOf(b));
}
