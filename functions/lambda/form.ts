/** Values of a form: text, lists and maps of them. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };

// Statuspage's bodies are three levels deep; the limits keep a hostile body from costing more than a friendly one.
const DEEPEST = 6;
const MOST_FIELDS = 2_000;

/**
 * A form-encoded body in Rails' bracket notation, as Statuspage takes it: `incident[name]=x`,
 * `incident[component_ids][]=a`, `incident[components][<id>]=major_outage`. Null where the notation is broken, too
 * deep, too long, or uses one name both for a text and for a map.
 */
export function parseForm(body: string): { [key: string]: FormValue } | null {
  const root = emptyMap();
  let fields = 0;
  for (const [name, value] of new URLSearchParams(body)) {
    fields += 1;
    const path = pathOf(name);
    if (fields > MOST_FIELDS || path === null || !put(root, path, value)) return null;
  }
  return root;
}

/** `a[b][]` -> a, b and an empty step for "append". */
function pathOf(name: string): string[] | null {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) return null;
  const [, head = "", rest = ""] = match;
  const steps = [head, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, step = ""]) => step)];
  const appendsInside = steps.slice(0, -1).includes("");
  return steps.length > DEEPEST || appendsInside ? null : steps;
}

function put(root: { [key: string]: FormValue }, path: readonly string[], value: string): boolean {
  let map = root;
  const append = path.at(-1) === "";
  const keys = append ? path.slice(0, -1) : path;
  for (const key of keys.slice(0, -1)) {
    const child = map[key] ?? emptyMap();
    if (typeof child === "string" || Array.isArray(child)) return false;
    map[key] = child;
    map = child;
  }
  const last = keys.at(-1) ?? "";
  const present = map[last];
  if (append) {
    if (present !== undefined && !Array.isArray(present)) return false;
    map[last] = [...(present ?? []), value];
    return true;
  }
  if (present !== undefined && typeof present !== "string") return false;
  map[last] = value;
  return true;
}

/** Without a prototype, so that a field called `__proto__` is only a field. */
function emptyMap(): { [key: string]: FormValue } {
  return Object.create(null);
}
