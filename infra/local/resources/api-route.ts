import { StartFailure } from "../failure.ts";

export interface RoutePattern {
  /** As in the template: `GET /v1/{proxy+}`, or `$default`. */
  key: string;
  /** Null for ANY, and for `$default`. */
  method: string | null;
  /** Null for `$default`. */
  segments: readonly Segment[] | null;
}

type Segment = { kind: "literal"; text: string } | { kind: "one"; name: string } | { kind: "rest"; name: string };

export interface RouteMatch<R extends RoutePattern> {
  route: R;
  pathParameters: Record<string, string>;
}

export function parseRouteKey(key: string, path: string): RoutePattern {
  if (key === "$default") return { key, method: null, segments: null };
  const [, method, route] = /^([A-Z]+) \/(\S*)$/.exec(key) ?? [];
  if (method === undefined || route === undefined) {
    throw new StartFailure(`${path}: the route ${key} cannot be interpreted`);
  }
  return { key, method: method === "ANY" ? null : method, segments: split(route).map(parseSegment) };
}

function parseSegment(text: string): Segment {
  const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: "literal", text };
  return { kind: greedy ? "rest" : "one", name };
}

/**
 * The most specific route: literal segments come before variables, those before `{proxy+}`, a method before ANY, and
 * `$default` last (API Gateway, "Routing API requests").
 */
export function matchRoute<R extends RoutePattern>(
  routes: readonly R[],
  method: string,
  path: string,
): RouteMatch<R> | null {
  const parts = split(path.slice(1));
  const matches: { match: RouteMatch<R>; rank: string }[] = [];
  for (const route of routes) {
    if (route.method !== null && route.method !== method) continue;
    const pathParameters = route.segments === null ? {} : parametersOf(route.segments, parts);
    if (pathParameters !== null) matches.push({ match: { route, pathParameters }, rank: rankOf(route) });
  }
  matches.sort((one, other) => (one.rank < other.rank ? -1 : 1));
  return matches[0]?.match ?? null;
}

const RANKS = { literal: "0", one: "1", rest: "2" } as const;

function rankOf({ segments, method }: RoutePattern): string {
  if (segments === null) return "3";
  return segments.map(({ kind }) => RANKS[kind]).join("") + (method === null ? "b" : "a");
}

/** Null: it does not match. */
function parametersOf(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | null {
  const found: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (part === undefined) return null;
    if (segment.kind === "literal" && part !== segment.text) return null;
    if (segment.kind === "one") found[segment.name] = part;
    if (segment.kind === "rest") return { ...found, [segment.name]: parts.slice(index).join("/") };
  }
  return segments.length === parts.length ? found : null;
}

function split(path: string): string[] {
  return path.split("/");
}
