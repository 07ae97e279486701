import { presentScopes } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import { CHANNELS, type Channel, type Subscriber } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { countIn } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "../call.ts";

const MOST_ROWS = 1_000;
const CURSOR_FORM = /^(email|sms|webhook)(?:\.([0-9a-f]{8})\.([a-z0-9]{12}))?$/;

/**
 * Tocsin's own: everybody, in the form that an import takes. It includes unconfirmed subscribers only on request: they
 * may not be the people who were signed up.
 */
export function subscriberExportRoutes(deps: ManageDeps): ManageRoute[] {
  return [
    {
      method: "GET",
      path: "/pages/{page}/subscribers/export",
      scope: "subscribers:read",
      run: (call) => exportSubscribers(deps, call),
    },
  ];
}

/**
 * In order of position, channel by channel: somebody who is there from the beginning to the end appears once, whatever
 * else changes.
 */
async function exportSubscribers(deps: ManageDeps, { page, request }: ManageCall): Promise<ManageReply> {
  const limit = countIn(request.query, "limit", MOST_ROWS, 1, MOST_ROWS);
  const { channel, after } = startOf(request.query.get("cursor"));
  const all = yesNoIn(request.query, "unconfirmed");
  const { items, next } = await deps.subscribers.list(page.id, channel, limit, after);
  const catalog = await deps.status.getCatalog(page.id);
  const told = items.filter(({ state }) => all || state !== "unconfirmed");
  const rows = told.map((subscriber) => rowOf(subscriber, catalog, (instant) => isoInZone(instant, page.timeZone)));
  return { status: 200, body: { subscribers: rows, next_cursor: cursorAfter(channel, next) } };
}

function yesNoIn(query: URLSearchParams, name: string): boolean {
  const given = query.get(name) ?? "false";
  if (given !== "true" && given !== "false") throw invalid(name, "must be true or false");
  return given === "true";
}

/** `<channel>`, or `<channel>.<position>.<id>` of the last one exported. */
function startOf(cursor: string | null): { channel: Channel; after: string | null } {
  const [first = "email", ...rest] = CURSOR_FORM.exec(cursor ?? "email")?.slice(1) ?? [];
  const channel = CHANNELS.find((each) => each === first);
  if (channel === undefined || (cursor !== null && !CURSOR_FORM.test(cursor))) {
    throw invalid("cursor", "is not one of this list");
  }
  const [position, id] = rest;
  return { channel, after: position === undefined || id === undefined ? null : `${position}#${id}` };
}

function cursorAfter(channel: Channel, last: string | null): string | null {
  if (last !== null) return `${channel}.${last.replace("#", ".")}`;
  return CHANNELS[CHANNELS.indexOf(channel) + 1] ?? null;
}

/**
 * Leaves out deleted components, which an import could not take. Somebody with nothing left is a row of nothing, not of
 * the page.
 */
function rowOf(subscriber: Subscriber, catalog: Catalog, time: (instant: number) => string) {
  const { preferences } = subscriber;
  const scopes = presentScopes(subscriber.scopes, catalog);
  return {
    id: subscriber.id,
    ...contactOf(subscriber),
    state: subscriber.state,
    page: scopes.page,
    components: scopes.components,
    incidents: scopes.incidents,
    updates: preferences.updates,
    minimum_impact: preferences.minimumImpact,
    locale: subscriber.locale,
    paused: subscriber.pausedAt !== null,
    quarantine_reason: isOut(subscriber) ? (subscriber.quarantineReason ?? null) : null,
    created_at: time(subscriber.createdAt),
  };
}

/** Somebody who complained and left must get nothing from elsewhere either. */
function isOut({ state }: Subscriber): boolean {
  return state === "quarantined" || state === "unsubscribed";
}

function contactOf(subscriber: Subscriber) {
  const none = { email: null, phone_number: null, phone_country: null, endpoint: null, format: null, statuses: null };
  switch (subscriber.channel) {
    case "email":
      return { ...none, email: subscriber.email };
    case "sms":
      return { ...none, phone_number: subscriber.phone, phone_country: subscriber.country };
    case "webhook": {
      const { endpoint, contactEmail, format, statuses } = subscriber;
      return { ...none, email: contactEmail, endpoint, format, statuses };
    }
    default:
      return unreachable(subscriber);
  }
}
