import * as z from "zod/mini";
import { mailboxOf } from "../../core/mailbox.ts";
import {
  addressOf,
  type Channel,
  channelSchema,
  type Subscriber,
  type SubscriberState,
} from "../../core/subscriber.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { fieldsIn, idList, oneOf, optional } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { InvalidCursorError } from "../../store/cursor.ts";
import type { ListPage } from "../../store/status/status-store.ts";
import { sendConfirmation } from "../../subscriptions/confirmation.ts";
import { NO_MAIL } from "../../subscriptions/contact.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "../call.ts";
import { whyBlocked } from "./blocked.ts";
import { OTHER_TYPES, take, walk } from "./subscriber-lists.ts";

/** Statuspage's limit, for a list of ids and for unsubscribing all. */
const MOST_NAMED = 100;
const AT_ONCE = 16;
const PART = 250;
/** HTTP APIs wait 30 seconds; the next call does what is not done by then. */
const TIME_LIMIT_MS = 15_000;
/** Asking for "all" again and again mails nobody more than once in this time. */
const RESENT_RECENTLY_MS = 24 * 60 * 60 * 1_000;

const whom = z.union(
  [z.literal("all"), idList.check(z.minLength(1, "must name at least one subscriber"))],
  'must be a list of ids, or "all"',
);
const typeSchema = optional(oneOf([...channelSchema.options, ...OTHER_TYPES]));
/** For "all": where the call before this one stopped, as it answered. */
const cursorSchema = optional(z.string("must be text"));
const resendSchema = z.object({ subscribers: whom, cursor: cursorSchema });
const reactivateSchema = z.object({ subscribers: whom, type: typeSchema, cursor: cursorSchema });
const unsubscribeSchema = z.object({
  subscribers: whom,
  type: typeSchema,
  state: optional(oneOf(["active", "unconfirmed", "quarantined", "all"])),
});
type Type = z.output<typeof typeSchema>;

/** What became of one of them; `none`: there is no such subscriber, or the request does not mean it. */
type Done = "changed" | "unchanged" | "none";

/** Statuspage's calls for many subscribers at once. Each is safe to repeat: it does nothing twice. */
export function subscriberBulkRoutes(deps: ManageDeps): ManageRoute[] {
  const all = "/pages/{page}/subscribers";
  const scope = "subscribers:write";
  return [
    { method: "POST", path: `${all}/unsubscribe`, scope, run: (call) => unsubscribe(deps, call) },
    { method: "POST", path: `${all}/reactivate`, scope, run: (call) => reactivate(deps, call) },
    { method: "POST", path: `${all}/resend_confirmation`, scope, run: (call) => resendConfirmations(deps, call) },
  ];
}

async function unsubscribe(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { subscribers, type, state = "active" } = fieldsIn(unsubscribeSchema, call.body, "");
  const from: SubscriberState[] = state === "all" ? ["active", "unconfirmed", "quarantined"] : [state];
  const meant =
    subscribers === "all"
      ? await fewerThanMost(walk(deps, call.page.id, { type, state }))
      : await named(deps, call, subscribers);
  const run = (subscriber: Subscriber) => changeState(deps, subscriber, from, "unsubscribed", call.now);
  const done = await runAll(meant, type, run);
  if (subscribers === "all") return replyToAll("unsubscribed", { done, next: null });
  return replyToNamed("unsubscribed", done);
}

/** A guard against emptying a page by mistake. */
async function fewerThanMost(meant: AsyncIterable<Subscriber>): Promise<Subscriber[]> {
  const found = await take(meant, { skip: 0, limit: MOST_NAMED });
  if (found.length < MOST_NAMED) return found;
  throw invalid("subscribers", `may be "all" for fewer than ${MOST_NAMED} subscribers only: name their ids`);
}

/**
 * Brings subscribers back from quarantine. Somebody who left stays away, and so does an address that nothing may be
 * sent to.
 */
async function reactivate(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { subscribers, type, cursor } = fieldsIn(reactivateSchema, call.body, "");
  const key = await deps.access.currentSigningKey(call.page.id);
  const run = async (subscriber: Subscriber): Promise<Done> => {
    if (subscriber.state !== "quarantined" || (await whyBlocked(deps, key, subscriber)) !== null) return "unchanged";
    return comeBack(deps, subscriber, call.now);
  };
  if (subscribers !== "all") {
    return replyToNamed("reactivated", await runAll(await named(deps, call, subscribers), type, run));
  }
  const isMeant = ({ state, channel }: Subscriber) =>
    state === "quarantined" && (type === undefined || type === channel);
  return replyToAll("reactivated", await runOnAll(deps, call, cursor, isMeant, run));
}

async function resendConfirmations(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { subscribers, cursor } = fieldsIn(resendSchema, call.body, "");
  if (!deps.hasMail) throw invalid("subscribers", NO_MAIL);
  const key = await deps.access.currentSigningKey(call.page.id);
  const send = async (subscriber: Subscriber): Promise<Done> => {
    if (subscriber.channel !== "email" || (await whyBlocked(deps, key, subscriber)) !== null) return "unchanged";
    return (await sendConfirmation(deps, subscriber, call.now)) ? "changed" : "unchanged";
  };
  if (subscribers !== "all") {
    return replyToNamed("sent", await runAll(await named(deps, call, subscribers), undefined, send));
  }
  // Strangers sign a mailbox up under as many spellings as they like.
  const mailboxes = new Set<string>();
  const run = async (subscriber: Subscriber): Promise<Done> => {
    if (await wasMailed(deps, subscriber, call.now)) return "unchanged";
    const mailbox = mailboxOf(addressOf(subscriber));
    if (mailboxes.has(mailbox)) return "unchanged";
    mailboxes.add(mailbox);
    return send(subscriber);
  };
  const isMeant = ({ state, channel }: Subscriber) => state === "unconfirmed" && channel === "email";
  return replyToAll("sent", await runOnAll(deps, call, cursor, isMeant, run));
}

/** Each confirmation that an operator sends stores a new token in place; what a sign-up sent stands beside it. */
async function wasMailed(
  { subscribers }: ManageDeps,
  { pageId, channel, id, confirmTokenHash, updatedAt }: Subscriber,
  now: number,
): Promise<boolean> {
  const since = now - RESENT_RECENTLY_MS;
  // Nothing of theirs has changed since, not even an invitation.
  if (updatedAt <= since) return false;
  if (confirmTokenHash !== null) return true;
  return (await subscribers.invitationsOf(pageId, channel, id)).some(({ at }) => at > since);
}

/** An endpoint's failures are forgotten too: otherwise the next one would not count as its first. */
async function comeBack(deps: ManageDeps, subscriber: Subscriber, now: number): Promise<Done> {
  if (subscriber.channel === "webhook" && subscriber.health !== undefined) {
    await deps.subscribers.saveHealth(subscriber.pageId, subscriber.id, subscriber.health, null);
  }
  return changeState(deps, subscriber, ["quarantined"], "active", now);
}

async function changeState(
  deps: ManageDeps,
  { pageId, channel, id }: Subscriber,
  from: readonly SubscriberState[],
  to: SubscriberState,
  now: number,
): Promise<Done> {
  const changed = await deps.subscribers.changeState(pageId, channel, id, { from, to }, now);
  return changed.outcome === "missing" ? "none" : changed.outcome;
}

/** The subscribers of these ids; null in the place of one that does not exist. */
async function named(deps: ManageDeps, call: ManageCall, ids: readonly string[]): Promise<(Subscriber | null)[]> {
  if (ids.length > MOST_NAMED) throw invalid("subscribers", `must not name more than ${MOST_NAMED}`);
  return inParallel(ids, AT_ONCE, (id) => deps.subscribers.find(call.page.id, id));
}

function runAll(
  meant: readonly (Subscriber | null)[],
  type: Type,
  run: (subscriber: Subscriber) => Promise<Done>,
): Promise<Done[]> {
  const isMeant = (channel: Channel) => type === undefined || type === channel;
  return inParallel(meant, AT_ONCE, async (subscriber) =>
    subscriber !== null && isMeant(subscriber.channel) ? run(subscriber) : "none",
  );
}

interface Walked {
  done: Done[];
  /** Where to go on; null: the walk has reached its end. */
  next: string | null;
}

/**
 * Runs part by part, for as long as there is time. It looks only at subscribers who are unconfirmed or in quarantine,
 * so that a large audience costs nothing. A new run does not meet again those that it brought back. With the cursor it
 * comes to its end, however many it must leave as they are.
 */
async function runOnAll(
  deps: ManageDeps,
  call: ManageCall,
  from: string | undefined,
  isMeant: (subscriber: Subscriber) => boolean,
  run: (subscriber: Subscriber) => Promise<Done>,
): Promise<Walked> {
  const deadline = call.now + TIME_LIMIT_MS;
  const done: Done[] = [];
  let next: string | null = from ?? null;
  do {
    const listed: ListPage<Subscriber> = await listFrom(deps, next);
    const meant = listed.items.filter((subscriber) => subscriber.pageId === call.page.id && isMeant(subscriber));
    for (const one of await inParallel(meant, AT_ONCE, run)) done.push(one);
    next = listed.next;
  } while (next !== null && deps.clock() < deadline);
  return { done, next };
}

async function listFrom({ subscribers }: ManageDeps, cursor: string | null): Promise<ListPage<Subscriber>> {
  try {
    return await subscribers.listUnsettled(PART, cursor);
  } catch (error) {
    if (error instanceof InvalidCursorError) throw invalid("cursor", "is not one that this call told");
    throw error;
  }
}

function replyToAll(name: Counted, { done, next }: Walked): ManageReply {
  const body = { ...countsOf(name, done), complete: next === null, ...(next === null ? {} : { next_cursor: next }) };
  return { status: 201, body };
}

function replyToNamed(name: Counted, done: readonly Done[]): ManageReply {
  const body = { ...countsOf(name, done), not_found: count(done, "none"), complete: true };
  return { status: 201, body };
}

type Counted = "unsubscribed" | "reactivated" | "sent";

function countsOf(name: Counted, done: readonly Done[]): Record<string, number> {
  return { [name]: count(done, "changed"), unchanged: count(done, "unchanged") };
}

function count(done: readonly Done[], wanted: Done): number {
  return done.filter((each) => each === wanted).length;
}
