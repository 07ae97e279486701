import type { Decode } from "./charset.ts";

/** Values of a form: text, lists and maps of them. */
export type FormValue = string | FormValue[] | { [key: string]: FormValue };

// Statuspage's bodies are three levels deep. The limits keep a hostile body from costing more than a friendly one.
const DEEPEST = 6;
const MOST_FIELDS = 2_000;

/**
 * A form-encoded body in Rails' bracket notation, as Statuspage takes it: `incident[name]=x`,
 * `incident[component_ids][]=a`, `incident[components][<id>]=major_outage`. Null if the notation is broken, too deep,
 * too long, or uses one name both for a text and for a map.
 */
export function parseForm(body: Uint8Array, decode: Decode): { [key: string]: FormValue } | null {
  const root = emptyMap();
  let fields = 0;
  for (const [name, value] of fieldsOf(body, decode)) {
    fields += 1;
    const path = pathOf(name);
    if (fields > MOST_FIELDS || path === null || !put(root, path, value)) return null;
  }
  return root;
}

/**
 * Names and values (https://url.spec.whatwg.org/#concept-urlencoded-parser). URLSearchParams takes them for UTF-8
 * always, but a form may declare another charset and hold its bytes, as they are or percent-encoded.
 */
function* fieldsOf(body: Uint8Array, decode: Decode): Generator<[name: string, value: string]> {
  const plain = (encoded: string) => decode(percentDecoded(encoded));
  // One character a byte, for searching in bytes.
  for (const pair of Buffer.from(body).toString("latin1").split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    yield [plain(name), plain(value)];
  }
}

function percentDecoded(encoded: string): Uint8Array {
  const spaced = encoded.replaceAll("+", " ");
  const decoded = spaced.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, "latin1");
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
