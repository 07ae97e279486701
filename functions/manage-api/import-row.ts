import * as z from "zod/mini";
import type { Catalog } from "../core/component.ts";
import { impactSchema, updateStatusSchema } from "../core/incident.ts";
import { cleanLine } from "../core/invisible.ts";
import { localeSchema } from "../core/locale.ts";
import type { Page } from "../core/page.ts";
import {
  preferencesSchema,
  quarantineReasonSchema,
  type Scopes,
  type Subscriber,
  subscriberStateSchema,
  webhookFormatSchema,
} from "../core/subscriber.ts";
import { count, fieldsIn, flag, idList, oneOf, optional } from "../lambda/input.ts";
import { HttpProblem, invalid } from "../lambda/problem.ts";
import { type ContactRules, contactOf, newSubscriberSchema } from "../subscriptions/contact.ts";
import { newSubscriber } from "../subscriptions/new-subscriber.ts";

const nameList = z
  .array(z.string("must be text"), "must be a list of ids or names")
  .check(z.maxLength(2_000, "is too long"));

/** What a single creation takes, and the columns of an export. */
const rowSchema = z.extend(newSubscriberSchema, {
  state: optional(oneOf(subscriberStateSchema.options)),
  page: optional(flag),
  components: optional(nameList),
  incidents: optional(idList),
  updates: optional(oneOf(preferencesSchema.shape.updates.options)),
  minimum_impact: optional(oneOf(impactSchema.options)),
  locale: optional(oneOf(localeSchema.options)),
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

/** Which line of the file a row says it is; the first of a request is 1. */
export function lineOf(row: unknown, index: number): number {
  const parsed = z.safeParse(lineSchema, row);
  return parsed.success ? (parsed.data.line ?? index + 1) : index + 1;
}

/** The subscriber that a row asks for, by the same rules as a single one. Throws 422 naming the column. */
export async function subscriberOf(row: unknown, id: string, context: RowContext): Promise<Subscriber> {
  const { page, now } = context;
  const pageId = page.id;
  const input = fieldsIn(rowSchema, row, "");
  const contact = withoutRoot(() => contactOf(input, context.rules));
  const vouched = context.confirmed || input.skip_confirmation_notification || contact.channel !== "email";
  const state = input.state ?? (vouched ? "active" : "unconfirmed");
  const made = newSubscriber(
    {
      pageId,
      id,
      contact: contact.channel === "webhook" ? { ...contact, statuses: input.statuses ?? null } : contact,
      scopes: await scopesOf(input, context),
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

async function scopesOf(
  { page, components: named, component_ids, incidents = [] }: Row,
  { catalog, isIncident }: RowContext,
): Promise<Scopes> {
  const given = (named ?? component_ids ?? []).filter((each) => each.trim() !== "");
  const components = [...new Set(given.map((each, index) => componentOf(each, index, catalog)))];
  for (const [index, incident] of incidents.entries()) {
    if (!(await isIncident(incident))) throw invalid("incidents", `names no incident in place ${index + 1}`);
  }
  return { page: page ?? (components.length === 0 && incidents.length === 0), components, incidents };
}

/** An id, or a name that one component alone has. What was given is not repeated: a shifted column may hold an address. */
function componentOf(given: string, index: number, { components }: Catalog): string {
  if (components.some(({ id }) => id === given)) return given;
  const wanted = cleanLine(given).toLowerCase();
  const found = components.filter(({ name }) => cleanLine(name).toLowerCase() === wanted);
  const [first] = found;
  if (first === undefined) throw invalid("components", `names no component in place ${index + 1}`);
  if (found.length > 1) throw invalid("components", `names several components in place ${index + 1}: give the id`);
  return first.id;
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
