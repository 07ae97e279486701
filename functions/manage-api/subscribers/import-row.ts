import * as z from "zod/mini";
import type { Catalog } from "../../core/component.ts";
import { impactSchema, updateStatusSchema } from "../../core/incident.ts";
import { cleanLine } from "../../core/invisible.ts";
import type { Page } from "../../core/page.ts";
import {
  preferencesSchema,
  quarantineReasonSchema,
  type Scopes,
  type Subscriber,
  subscriberStateSchema,
  webhookFormatSchema,
} from "../../core/subscriber.ts";
import { count, fieldsIn, flag, idList, languageField, oneOf, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { type ContactRules, contactOf, newSubscriberSchema } from "../../subscriptions/contact.ts";
import { newSubscriber } from "../../subscriptions/new-subscriber.ts";

const nameList = z
  .array(z.string("must be text"), "must be a list of ids or names")
  .check(z.maxLength(2_000, "is too long"));

/** The fields of a single creation, and the columns of an export. */
const rowSchema = z.extend(newSubscriberSchema, {
  state: optional(oneOf(subscriberStateSchema.options)),
  page: optional(flag),
  components: optional(nameList),
  incidents: optional(idList),
  updates: optional(oneOf(preferencesSchema.shape.updates.options)),
  minimum_impact: optional(oneOf(impactSchema.options)),
  locale: optional(languageField),
  paused: optional(flag),
  quarantine_reason: optional(oneOf(quarantineReasonSchema.options)),
  format: optional(oneOf(webhookFormatSchema.options)),
  statuses: optional(z.array(oneOf(updateStatusSchema.options), "must be a list of statuses")),
});
type Row = z.output<typeof rowSchema>;

export interface RowContext {
  page: Page;
  now: number;
  /** Rows that name no state are active. */
  confirmed: boolean;
  catalog: Catalog;
  rules: ContactRules;
  isIncident: (incidentId: string) => Promise<boolean>;
}

const lineSchema = z.looseObject({ line: optional(count) });

/** The line of the file that a row says it is; the first of a request is 1. */
export function lineOf(row: unknown, index: number): number {
  const parsed = z.safeParse(lineSchema, row);
  return parsed.success ? (parsed.data.line ?? index + 1) : index + 1;
}

export interface ReadRow {
  subscriber: Subscriber;
  /** The parts of the row that mean nothing on this page; the rest of it holds. Null: nothing. */
  leftOut: string | null;
}

/**
 * The subscriber that a row asks for, by the same rules as a single one. Components that the page does not have, or no
 * longer has, are left out as long as something is left to hear of: a file may be older than the page is now. Throws a
 * 422 that names the column.
 */
export async function readRow(row: unknown, id: string, context: RowContext): Promise<ReadRow> {
  const input = fieldsIn(rowSchema, row, "");
  const { scopes, missing } = await scopesOf(input, context);
  const leftOut = missing.length === 0 ? null : `components ${noComponentIn(missing)}`;
  const subscriber = subscriberOf(input, id, scopes, context);
  const isOut = subscriber.state === "unsubscribed" || subscriber.state === "quarantined";
  const hears = scopes.page || scopes.components.length > 0 || scopes.incidents.length > 0;
  // Somebody who has left stays left, whatever they had chosen.
  if (missing.length > 0 && !hears && !isOut) throw invalid("components", noComponentIn(missing));
  return { subscriber, leftOut };
}

function noComponentIn(places: readonly number[]): string {
  return `names no component in place ${places.join(", ")}`;
}

function subscriberOf(input: Row, id: string, scopes: Scopes, context: RowContext): Subscriber {
  const { page, now } = context;
  const pageId = page.id;
  const contact = withoutRoot(() => contactOf(input, context.rules));
  const vouched = context.confirmed || input.skip_confirmation_notification || contact.channel !== "email";
  const state = input.state ?? (vouched ? "active" : "unconfirmed");
  const made = newSubscriber(
    {
      pageId,
      id,
      contact: contact.channel === "webhook" ? { ...contact, statuses: input.statuses ?? null } : contact,
      scopes,
      locale: input.locale ?? page.locale,
      confirmed: state === "active",
    },
    now,
  );
  const { updates = made.preferences.updates, minimum_impact: minimumImpact = made.preferences.minimumImpact } = input;
  const subscriber = { ...made, preferences: { updates, minimumImpact }, pausedAt: input.paused ? now : null };
  switch (state) {
    case "active":
    case "unconfirmed":
      return subscriber;
    case "quarantined":
      return { ...subscriber, state, quarantinedAt: now, ...reasonOf(input.quarantine_reason) };
    case "unsubscribed":
      return { ...subscriber, state, unsubscribedAt: now, ...reasonOf(input.quarantine_reason) };
  }
}

function reasonOf(quarantineReason: Subscriber["quarantineReason"]): Pick<Subscriber, "quarantineReason"> {
  return quarantineReason === undefined ? {} : { quarantineReason };
}

/**
 * `missing`: the places of components that the page does not have. A row that named only such ones never gets the whole
 * page for it.
 */
async function scopesOf(
  { page, components: named, component_ids, incidents = [] }: Row,
  { catalog, isIncident }: RowContext,
): Promise<{ scopes: Scopes; missing: number[] }> {
  const given = (named ?? component_ids ?? []).filter((each) => each.trim() !== "");
  const found = given.map((each, index) => componentOf(each, index, catalog));
  const components = [...new Set(found.filter((each) => each !== null))];
  const missing = found.flatMap((each, index) => (each === null ? [index + 1] : []));
  for (const [index, incident] of incidents.entries()) {
    if (!(await isIncident(incident))) throw invalid("incidents", `names no incident in place ${index + 1}`);
  }
  return { scopes: { page: page ?? (given.length === 0 && incidents.length === 0), components, incidents }, missing };
}

/**
 * Takes an id, or a name that only one component has; null: no component has it. Refusals do not repeat what was given:
 * a shifted column may hold an address.
 */
function componentOf(given: string, index: number, { components }: Catalog): string | null {
  if (components.some(({ id }) => id === given)) return given;
  const wanted = cleanLine(given).toLowerCase();
  const found = components.filter(({ name }) => cleanLine(name).toLowerCase() === wanted);
  if (found.length > 1) throw invalid("components", `names several components in place ${index + 1}: give the id`);
  return found[0]?.id ?? null;
}

/** `subscriber.email` is the column `email`. */
function withoutRoot<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    const [detail] = error.details;
    if (detail === undefined) throw error;
    throw invalid(detail.field.replace(/^subscriber\./, ""), detail.problem);
  }
}
