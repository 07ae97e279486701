import * as z from "zod/mini";
import { isDeleted, presentScopes } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import type { Incident } from "../../core/incident.ts";
import type { Scopes, Subscriber } from "../../core/subscriber.ts";
import { flag, idList, oneOf, optional } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { componentsFrom, localeField, preferencesField, preferencesFrom } from "../wishes.ts";

export const manageSchema = z.object({
  action: optional(oneOf(["save", "pause", "resume", "unsubscribe", "resubscribe", "erase"])),
  what: optional(oneOf(["everything", "chosen"])),
  component_ids: optional(idList),
  incident_ids: optional(idList),
  preferences: preferencesField,
  locale: localeField,
  /** Sent by the form: the user was asked about a contradiction, so the present choice holds. */
  asked: optional(flag),
  /** Erasing needs this to be true. */
  sure: optional(flag),
});
export type ManageInput = z.output<typeof manageSchema>;

/** What there is to choose from. */
export interface Offer {
  catalog: Catalog;
  /** Newest first. */
  open: readonly Incident[];
}

/** What the form shows as chosen. */
export type Choices = Pick<Subscriber, "scopes" | "preferences" | "locale">;

/** The subscriber with the choices of a form or program; what they leave out stays. Throws 422. */
export function withChoices(read: Subscriber, input: ManageInput, offer: Offer, now: number): Subscriber {
  return {
    ...read,
    scopes: scopesFrom(read.scopes, input, offer),
    preferences: preferencesFrom(input.preferences, read.preferences),
    locale: input.locale ?? read.locale,
    updatedAt: now,
  };
}

function scopesFrom(stored: Scopes, input: ManageInput, offer: Offer): Scopes {
  const { what, component_ids, incident_ids } = input;
  if (what === undefined && component_ids === undefined && incident_ids === undefined) return stored;
  const before = presentScopes(stored, offer.catalog);
  if (isContradiction(before, input, offer.catalog)) {
    throw invalid("what", "must be chosen where component_ids names what is to be heard of alone");
  }
  const open = new Set(offer.open.map(({ id }) => id));
  // An incident that is over is no longer offered, and stays: its postmortem may come.
  const over = before.incidents.filter((id) => !open.has(id));
  const wanted = incident_ids ?? (what === undefined ? before.incidents : []);
  if (wanted.some((id) => !open.has(id) && !over.includes(id))) {
    throw invalid("incident_ids", "names an incident that is not open on this page");
  }
  const incidents = [...new Set([...over, ...wanted])];
  const ids = component_ids ?? (what === undefined ? before.components : []);
  const isEverything = what === "everything" || (what === undefined && component_ids === undefined && before.page);
  if (isEverything) return { page: true, components: [], incidents };
  const components = ids.length === 0 ? [] : componentsFrom(offer.catalog, ids, "component_ids");
  if (components.length === 0 && incidents.length === 0) throw invalid("component_ids", "must not be empty");
  return { page: false, components, incidents };
}

/**
 * "Everything", and besides it single components that were not chosen before. People who tick them forgot the other
 * button, or ticked them before they decided. Either could be meant, and to drop one of them in silence is wrong.
 */
function isContradiction(before: Scopes, { what, component_ids = [], asked }: ManageInput, catalog: Catalog): boolean {
  if (what !== "everything" || asked) return false;
  const isNew = (id: string) => !before.components.includes(id) && !isDeleted(id, catalog);
  return component_ids.some(isNew);
}

/** The choices that the page shows after a refusal: as they were entered, limited to what there is to choose. */
export function enteredIn(read: Choices, input: ManageInput): Choices {
  const { what, component_ids = [], incident_ids = [], asked } = input;
  const scopes = {
    // Once the page has asked about it, the choice as set counts.
    page: what === "everything" && (component_ids.length === 0 || asked === true),
    components: component_ids,
    incidents: incident_ids,
  };
  return {
    scopes: what === undefined ? read.scopes : scopes,
    preferences: preferencesFrom(input.preferences, read.preferences),
    locale: input.locale ?? read.locale,
  };
}

/** What is ticked when the page opens: what counts now, and also what a link's query asks for, if the page has it. */
export function tickedBy(query: URLSearchParams, now: Scopes, offer: Offer): { scopes: Scopes; isAsked: boolean } {
  const known = new Set(offer.catalog.components.map(({ id }) => id));
  const open = new Set(offer.open.map(({ id }) => id));
  const listed = (name: string, of: ReadonlySet<string>) =>
    (query.get(name) ?? "").split(",").filter((id) => of.has(id));
  const [components, incidents] = [listed("components", known), listed("incidents", open)];
  if (query.get("everything") === "yes" && !now.page) return { scopes: { ...now, page: true }, isAsked: true };
  if (components.length === 0 && incidents.length === 0) return { scopes: now, isAsked: false };
  const scopes: Scopes = {
    page: false,
    components: [...new Set([...now.components, ...components])],
    incidents: [...new Set([...now.incidents, ...incidents])],
  };
  return { scopes, isAsked: true };
}
