import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import {
  lastingReason,
  type Scopes,
  type Subscriber,
  type WebhookFormat,
  type WebhookSubscriber,
} from "../../core/subscriber.ts";
import { fieldsIn, fieldsUnder, idList, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { formatAt } from "../../subscriptions/chats.ts";
import { sendConfirmation } from "../../subscriptions/confirmation.ts";
import { contactOf, NO_MAIL, newSubscriberSchema } from "../../subscriptions/contact.ts";
import { wishFields } from "../../subscriptions/webhook-wishes.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { unknownComponents } from "../components/components.ts";
import { conflict } from "../save-with-retry.ts";
import { addSubscriber } from "./add-subscriber.ts";
import { refuseBlocked } from "./blocked.ts";
import { countSubscribers, listSubscribers, listUnsubscribed, subscriberHistogram } from "./subscriber-lists.ts";
import { fieldOf, presentNewSubscriber, showSubscriber } from "./subscriber-view.ts";

/** What is kept for a replay: neither an address nor a signing secret may be in the access table. */
const keptSchema = z.union([z.object({ subscriber: z.string() }), z.object({ joined: z.string() })]);

const changeSchema = z
  .object({
    component_ids: optional(idList.check(z.minLength(1, "must name at least one component"))),
    ...wishFields,
  })
  .check(
    z.refine(
      ({ component_ids, statuses, minimum_impact, format }) =>
        [component_ids, statuses, minimum_impact, format].some((each) => each !== undefined),
      { path: ["component_ids"], error: "is required, or statuses, minimum_impact or format" },
    ),
  );

export function subscriberRoutes(deps: ManageDeps): ManageRoute[] {
  const all = "/pages/{page}/subscribers";
  const one = `${all}/{subscriber}`;
  const [read, write] = ["subscribers:read", "subscribers:write"] as const;
  return [
    {
      method: "POST",
      path: all,
      scope: write,
      once: true,
      run: (call) => create(deps, call),
      replay: (call, kept) => replayCreation(deps, call, kept),
    },
    { method: "GET", path: all, scope: read, run: (call) => listSubscribers(deps, call) },
    { method: "GET", path: `${all}/count`, scope: read, run: (call) => countSubscribers(deps, call) },
    { method: "GET", path: `${all}/histogram_by_state`, scope: read, run: (call) => subscriberHistogram(deps, call) },
    { method: "GET", path: `${all}/unsubscribed`, scope: read, run: (call) => listUnsubscribed(deps, call) },
    { method: "GET", path: one, scope: read, run: (call) => show(deps, call) },
    { method: "PATCH", path: one, scope: write, run: (call) => change(deps, call) },
    { method: "DELETE", path: one, scope: write, run: (call) => unsubscribe(deps, call) },
    { method: "POST", path: `${one}/resend_confirmation`, scope: write, run: (call) => resend(deps, call) },
    {
      method: "POST",
      path: `${one}/rotate_secret`,
      scope: write,
      once: true,
      run: (call) => rotateSecret(deps, call),
      replay: (call, kept) => replayCreation(deps, call, kept),
    },
  ];
}

async function create(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("subscriber", newSubscriberSchema, call.body);
  const contact = contactOf(input, deps);
  const components = input.component_ids ?? [];
  await checkComponents(deps, call, "subscriber.component_ids", components);
  const scopes: Scopes = { page: components.length === 0, components, incidents: [] };
  const confirmed = input.skip_confirmation_notification ?? false;
  const added = await addSubscriber(deps, call, { contact, scopes, confirmed, minimumImpact: input.minimum_impact });
  if (added.outcome === "taken") throw invalid(`subscriber.${fieldOf(added.holder)}`, "is subscribed already");
  return createdReply(deps, call, added.subscriber);
}

export async function createdReply(deps: ManageDeps, call: ManageCall, subscriber: Subscriber): Promise<ManageReply> {
  const body = await presentNewSubscriber(deps, subscriber, call.page);
  return { status: 201, body, keep: { subscriber: subscriber.id } };
}

export async function replayCreation(deps: ManageDeps, call: ManageCall, kept: unknown): Promise<ManageReply> {
  const reply = z.parse(keptSchema, kept);
  const isNew = "subscriber" in reply;
  const subscriber = await deps.subscribers.find(call.page.id, isNew ? reply.subscriber : reply.joined);
  if (subscriber === null) throw notFound("subscriber");
  const body = isNew
    ? await presentNewSubscriber(deps, subscriber, call.page)
    : await showSubscriber(deps, subscriber, call.page);
  return { status: 201, body };
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  return { status: 200, body: await showSubscriber(deps, await subscriberIn(deps, call), call.page) };
}

/**
 * Statuspage's change of components, and Tocsin's own changes: which updates a subscriber gets, and in which format an
 * endpoint gets them.
 */
async function change(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { component_ids: components, statuses, minimum_impact, format } = fieldsIn(changeSchema, call.body, "");
  await checkComponents(deps, call, "component_ids", components ?? []);
  const read = await subscriberIn(deps, call);
  if (read.channel !== "webhook") {
    if (format !== undefined) throw invalid("format", "is for an endpoint alone");
    if (statuses !== undefined) throw invalid("statuses", "is for an endpoint alone");
  }
  const common = {
    scopes: components === undefined ? read.scopes : { page: false, components, incidents: read.scopes.incidents },
    preferences: { ...read.preferences, minimumImpact: minimum_impact ?? read.preferences.minimumImpact },
    updatedAt: call.now,
  };
  const next: Subscriber =
    read.channel === "webhook"
      ? {
          ...postedAs(read, format, deps, call.now),
          ...common,
          statuses: statuses === undefined ? read.statuses : statuses,
        }
      : { ...read, ...common };
  const replaced = await deps.subscribers.replace(read, next);
  if (replaced.outcome === "missing") throw notFound("subscriber");
  if (replaced.outcome === "unchanged") throw conflict();
  return { status: 200, body: await showSubscriber(deps, replaced.subscriber, call.page) };
}

/**
 * Another format is another try: earlier failures say nothing about it, so an endpoint that failed comes back. Throws
 * 422.
 */
function postedAs(
  read: WebhookSubscriber,
  asked: WebhookFormat | undefined,
  { webhookTargets }: Pick<ManageDeps, "webhookTargets">,
  now: number,
): WebhookSubscriber {
  if (asked === undefined) return read;
  const fields = { endpoint: "format", format: "format" };
  const format = formatAt(read.endpoint, asked, { chosenBy: "operator", webhookTargets, fields });
  if (format === read.format) return read;
  const { health: _health, ...one } = read;
  if (one.state !== "quarantined" || lastingReason(one) !== null) return { ...one, format };
  const { quarantineReason: _reason, ...back } = one;
  return { ...back, format, state: "active", quarantinedAt: null, confirmedAt: now };
}

async function unsubscribe(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const gone = await endSubscription(deps, await subscriberIn(deps, call), call.now);
  return { status: 200, body: await showSubscriber(deps, gone, call.page) };
}

export async function endSubscription(deps: ManageDeps, subscriber: Subscriber, now: number): Promise<Subscriber> {
  const changed = await deps.subscribers.changeState(
    subscriber.pageId,
    subscriber.channel,
    subscriber.id,
    { from: ["unconfirmed", "active", "quarantined"], to: "unsubscribed" },
    now,
  );
  if (changed.outcome === "missing") throw notFound("subscriber");
  return changed.subscriber;
}

export async function resend(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const subscriber = await subscriberIn(deps, call);
  if (!deps.hasMail) throw invalid("subscriber.email", NO_MAIL);
  await refuseBlocked(deps, await deps.access.currentSigningKey(call.page.id), subscriber, fieldOf(subscriber));
  if (subscriber.channel !== "email" || !(await sendConfirmation(deps, subscriber, call.now))) {
    throw new HttpProblem(422, "Only an email subscriber that is not confirmed yet can be sent a confirmation");
  }
  return { status: 201, body: await showSubscriber(deps, subscriber, call.page) };
}

/**
 * Answers with the new signing secret. Run again under its Idempotency-Key it rotates once: a second rotation would
 * make void the secret that the receiver still has.
 */
async function rotateSecret(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const subscriber = await subscriberIn(deps, call);
  if (subscriber.channel !== "webhook") throw new HttpProblem(422, "Only a webhook subscriber has a signing secret");
  const rotationId = newId(call.idRandom);
  if (subscriber.rotation?.id === rotationId) return createdReply(deps, call, subscriber);
  const { id, secretVersion } = subscriber;
  const rotated = await deps.subscribers.rotateSecret(call.page.id, id, secretVersion, {
    id: rotationId,
    at: call.now,
  });
  switch (rotated.outcome) {
    case "changed":
      return createdReply(deps, call, rotated.subscriber);
    case "unchanged": {
      // The SDK repeats a call whose answer got lost, and the second finds what the first did.
      const found = rotated.subscriber;
      if (found.channel === "webhook" && found.rotation?.id === rotationId) return createdReply(deps, call, found);
      throw conflict();
    }
    case "missing":
      throw notFound("subscriber");
  }
}

export async function subscriberIn(deps: ManageDeps, call: ManageCall): Promise<Subscriber> {
  const subscriber = await deps.subscribers.find(call.page.id, param(call, "subscriber"));
  if (subscriber === null) throw notFound("subscriber");
  return subscriber;
}

/** Throws a 422 that names the ids that are no components of the page. */
async function checkComponents(
  deps: ManageDeps,
  call: ManageCall,
  field: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const catalog = await deps.status.getCatalog(call.page.id);
  const known = new Set(catalog.components.map((component) => component.id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw unknownComponents(field, unknown);
}
