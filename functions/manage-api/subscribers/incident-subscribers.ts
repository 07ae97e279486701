import { hearsNothing } from "../../core/chosen.ts";
import type { Scopes, Subscriber } from "../../core/subscriber.ts";
import { fieldsUnder, windowIn } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { contactOf, newSubscriberSchema } from "../../subscriptions/contact.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "../call.ts";
import { incidentIn } from "../incidents/incident-view.ts";
import { addSubscriber } from "./add-subscriber.ts";
import { take, walk } from "./subscriber-lists.ts";
import { presentSubscriber, showSubscriber } from "./subscriber-view.ts";
import { createdReply, endSubscription, replayCreation, resend, subscriberIn } from "./subscribers.ts";

/** Subscriptions to one incident: a scope of the one subscriber that an address has. */
export function incidentSubscriberRoutes(deps: ManageDeps): ManageRoute[] {
  const all = "/pages/{page}/incidents/{incident}/subscribers";
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
    { method: "GET", path: all, scope: read, run: (call) => list(deps, call) },
    { method: "GET", path: one, scope: read, run: (call) => show(deps, call) },
    { method: "DELETE", path: one, scope: write, run: (call) => leave(deps, call) },
    {
      method: "POST",
      path: `${one}/resend_confirmation`,
      scope: write,
      run: async (call) => {
        await incidentSubscriberIn(deps, call);
        return resend(deps, call);
      },
    },
  ];
}

async function create(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("subscriber", newSubscriberSchema, call.body);
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const contact = contactOf(input, deps);
  if (input.component_ids !== undefined) {
    throw invalid("subscriber.component_ids", "cannot be given for a subscription to one incident");
  }
  const scopes: Scopes = { page: false, components: [], incidents: [incident.id] };
  const confirmed = input.skip_confirmation_notification ?? false;
  const added = await addSubscriber(deps, call, { contact, scopes, confirmed });
  if (added.outcome === "added") return createdReply(deps, call, added.subscriber);
  // The address is subscribed already, and now to this incident too. Nothing was created, so the answer shows no
  // secret.
  const joined = await withIncident(deps, added.holder, incident.id, call.now);
  return { status: 201, body: await showSubscriber(deps, joined, call.page), keep: { joined: joined.id } };
}

async function withIncident(
  deps: ManageDeps,
  holder: Subscriber,
  incidentId: string,
  now: number,
): Promise<Subscriber> {
  if (holder.scopes.incidents.includes(incidentId)) return holder;
  const scopes = { ...holder.scopes, incidents: [...holder.scopes.incidents, incidentId] };
  return saveScopes(deps, holder, scopes, now);
}

async function list(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const window = windowIn(call.request.query, "per_page", 1);
  const rows = await take(subscribedTo(deps, call.page.id, incident.id), window);
  const catalog = await deps.status.getCatalog(call.page.id);
  return { status: 200, body: rows.map((subscriber) => presentSubscriber(subscriber, call.page, catalog)) };
}

async function* subscribedTo(deps: ManageDeps, pageId: string, incidentId: string): AsyncGenerator<Subscriber> {
  for await (const subscriber of walk(deps, pageId, { type: undefined, state: "all" })) {
    if (subscriber.scopes.incidents.includes(incidentId)) yield subscriber;
  }
}

async function show(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  return { status: 200, body: await showSubscriber(deps, await incidentSubscriberIn(deps, call), call.page) };
}

/** Leaves this incident; somebody who was subscribed to nothing else is unsubscribed. */
async function leave(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const subscriber = await incidentSubscriberIn(deps, call);
  const incidents = subscriber.scopes.incidents.filter((id) => id !== param(call, "incident"));
  const scopes = { ...subscriber.scopes, incidents };
  const left = hearsNothing(scopes, await deps.status.getCatalog(call.page.id))
    ? await endSubscription(deps, subscriber, call.now)
    : await saveScopes(deps, subscriber, scopes, call.now);
  return { status: 200, body: await showSubscriber(deps, left, call.page) };
}

async function saveScopes(deps: ManageDeps, subscriber: Subscriber, scopes: Scopes, now: number): Promise<Subscriber> {
  const { pageId, channel, id } = subscriber;
  const changed = await deps.subscribers.saveScopes(pageId, channel, id, scopes, now);
  if (changed.outcome === "missing") throw notFound("subscriber");
  return changed.subscriber;
}

async function incidentSubscriberIn(deps: ManageDeps, call: ManageCall): Promise<Subscriber> {
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const subscriber = await subscriberIn(deps, call);
  if (!subscriber.scopes.incidents.includes(incident.id)) throw notFound("subscriber");
  return subscriber;
}
