import { type Catalog, catalogRows } from "../core/component.ts";
import { type Incident, isOver, type Update, type UpdateStatus } from "../core/incident.ts";
import type { Locale } from "../core/locale.ts";
import { stringsOf } from "./strings/strings-of.ts";

/** Each component's name now, or when the newest update named it (it may be deleted since). */
function namesById(catalog: Catalog, updates: readonly Update[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const update of [...updates].sort((a, b) => a.seq - b.seq)) {
    for (const component of update.affectedComponents ?? []) names.set(component.id, component.name);
  }
  for (const component of catalog.components) names.set(component.id, component.name);
  return names;
}

interface AffectedGroup {
  /** null: components outside any group. */
  group: string | null;
  names: string[];
}

/** What the incident has affected so far, in the order of the page: groups first, then what stands alone. */
function affectedGroups(
  incident: Pick<Incident, "affected">,
  updates: readonly Update[],
  catalog: Catalog,
): AffectedGroup[] {
  const names = namesById(catalog, updates);
  const left = new Set(Object.keys(incident.affected));
  const take = (ids: readonly string[]) => {
    const taken = ids.filter((id) => left.delete(id));
    return taken.map((id) => names.get(id)).filter((name) => name !== undefined);
  };
  const rows = catalogRows(catalog);
  const groups: AffectedGroup[] = rows
    .filter((row) => row.kind === "group")
    .map(({ group, components }) => ({ group: group.name, names: take(components.map(({ id }) => id)) }));
  const single = take(rows.filter((row) => row.kind === "component").map(({ component }) => component.id));
  const deleted = take([...left].sort());
  return [...groups, { group: null, names: [...single, ...deleted] }].filter((group) => group.names.length > 0);
}

/**
 * `This incident affects: API (API (group 01), …) and Authentication, Web App.`, or null if nothing was affected.
 * `status`: the incident's now, or as of the update in the text.
 */
export function affectedSentence(
  incident: Pick<Incident, "affected" | "schedule"> & { status: UpdateStatus },
  updates: readonly Update[],
  catalog: Catalog,
  locale: Locale,
): string | null {
  const what = affectedList(incident, updates, catalog, locale);
  if (what === null) return null;
  const { byIncident, byMaintenance } = stringsOf(locale).affected;
  return incident.schedule === null ? byIncident(what, isOver(incident)) : byMaintenance(what, isOver(incident));
}

/** `API (API (group 01), …) and Authentication, Web App`, or null if nothing was affected. */
export function affectedList(
  incident: Pick<Incident, "affected">,
  updates: readonly Update[],
  catalog: Catalog,
  locale: Locale,
): string | null {
  const all = affectedGroups(incident, updates, catalog);
  if (all.length === 0) return null;
  const { groups, left } = firstNames(all);
  const { and, more } = stringsOf(locale).affected;
  const parts = groups.map(({ group, names }) =>
    group === null ? names.join(", ") : `${group} (${names.join(", ")})`,
  );
  if (left > 0) parts.push(more(left));
  const last = parts.pop() ?? "";
  return parts.length === 0 ? last : `${parts.join(", ")} ${and} ${last}`;
}

/** Bytes of UTF-8 for all names together. A mail or a post with hundreds of names has no room for the news. */
const NAMES_LIMIT_BYTES = 2_000;

/** As many of the first names as fit, at least one, and how many are left. */
function firstNames(all: readonly AffectedGroup[]): { groups: AffectedGroup[]; left: number } {
  const groups: AffectedGroup[] = [];
  let [size, left] = [0, 0];
  for (const { group, names } of all) {
    size += Buffer.byteLength(group ?? "");
    const told = names.filter((name, index) => {
      size += Buffer.byteLength(name) + 2;
      return size <= NAMES_LIMIT_BYTES || (groups.length === 0 && index === 0);
    });
    left += names.length - told.length;
    if (told.length > 0) groups.push({ group, names: told });
  }
  return { groups, left };
}
