import * as z from "zod/mini";
import { isDeleted } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import type { Preferences, WebhookSubscriber } from "../../core/subscriber.ts";
import { fieldsIn, flag, idList, oneOf, optional } from "../../lambda/input.ts";
import { invalid } from "../../lambda/problem.ts";
import { wishFields } from "../../subscriptions/webhook-wishes.ts";
import { componentsFrom } from "../wishes.ts";

const filterSchema = z.object({
  component_ids: z.optional(z.nullable(idList)),
  ...wishFields,
  /** How a form says whether the lists count: a browser does not send a box that is not ticked. */
  scope: optional(oneOf(["page", "components"])),
  all_statuses: optional(flag),
  /** Sent by the form: the user was asked about a contradiction, so the present choice holds. */
  asked: optional(flag),
});
type Filter = z.output<typeof filterSchema>;

/** Which updates an endpoint gets. */
export type FilterChoices = Pick<WebhookSubscriber, "scopes" | "statuses"> & {
  minimumImpact: Preferences["minimumImpact"];
};

export function filterOf({ scopes, statuses, preferences }: WebhookSubscriber): FilterChoices {
  return { scopes, statuses, minimumImpact: preferences.minimumImpact };
}

/**
 * What a request makes of an endpoint's filter; a field missing from JSON stays. Single incidents stay too. Throws 422.
 */
export function filterFrom(read: WebhookSubscriber, body: unknown, catalog: Catalog): FilterChoices {
  const input = fieldsIn(filterSchema, body, "");
  if (input.format !== undefined && input.format !== read.format) {
    throw invalid("format", "cannot be changed: register the endpoint of the other format");
  }
  refuseContradiction(read, input, catalog);
  const chosen = input.scope === "page" ? null : input.component_ids;
  const noneChosen = input.scope === "components" && chosen === undefined;
  if (noneChosen || chosen?.length === 0) throw invalid("component_ids", "must name at least one component");
  const components = chosen == null ? chosen : componentsFrom(catalog, chosen, "component_ids");
  if (input.all_statuses === false && input.statuses === undefined) {
    throw invalid("statuses", "must name at least one status");
  }
  const statuses = input.all_statuses === true ? null : input.statuses;
  return {
    scopes:
      components === undefined
        ? read.scopes
        : { page: components === null, components: components ?? [], incidents: read.scopes.incidents },
    statuses: statuses === undefined ? read.statuses : statuses,
    minimumImpact: input.minimum_impact ?? read.preferences.minimumImpact,
  };
}

/**
 * "All", and besides it single ones that did not count before: either could be meant, and neither may be dropped in
 * silence.
 */
function refuseContradiction({ scopes, statuses }: WebhookSubscriber, input: Filter, catalog: Catalog): void {
  if (input.asked) return;
  const added = (input.component_ids ?? []).filter((id) => !scopes.components.includes(id) && !isDeleted(id, catalog));
  if (input.scope === "page" && added.length > 0) {
    throw invalid("scope", "is the whole page, and single components are chosen besides: save what is meant");
  }
  const told = (input.statuses ?? []).filter((status) => !(statuses ?? []).includes(status));
  if (input.all_statuses === true && told.length > 0) {
    throw invalid("all_statuses", "is true, and single statuses are chosen besides: save what is meant");
  }
}

/** What the form shows after a refusal. */
export interface EnteredFilter extends FilterChoices {
  /** It contradicted itself: if it is sent again, it holds as it is. */
  asked: boolean;
}

/** The filter as it was entered; if that contradicts itself, with the ticked ones set. Null: nothing readable. */
export function enteredFilter(read: WebhookSubscriber, body: unknown, field: string | undefined): EnteredFilter | null {
  const parsed = z.safeParse(filterSchema, body);
  // The schema itself refuses an empty list.
  const input = parsed.success ? parsed.data : readable(body);
  if (input === null) return null;
  const components = input.component_ids ?? [];
  const statuses = input.statuses ?? [];
  return {
    scopes: {
      page: input.scope === "page" && (components.length === 0 || input.asked === true),
      components,
      incidents: read.scopes.incidents,
    },
    statuses: input.all_statuses === true && (statuses.length === 0 || input.asked === true) ? null : statuses,
    minimumImpact: input.minimum_impact ?? read.preferences.minimumImpact,
    asked: field === "scope" || field === "all_statuses",
  };
}

function readable(body: unknown): Filter | null {
  const parsed = z.safeParse(z.looseObject({}), body);
  if (!parsed.success) return null;
  const { statuses: _, ...rest } = parsed.data;
  const without = z.safeParse(filterSchema, rest);
  return without.success ? without.data : null;
}
