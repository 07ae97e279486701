import { StartFailure } from "../failure.ts";
import { isRecord } from "../template.ts";

export type RecordFilter = (record: unknown) => boolean;

/**
 * EventBridge's pattern language as far as the stacks use it: nested names, and lists of alternatives that are equal
 * values, {"prefix"} or {"exists"}. A record passes if any of the patterns matches; without patterns, every one does.
 */
export function recordFilter(patterns: readonly string[], path: string): RecordFilter {
  const filters = patterns.map((pattern) => compile(JSON.parse(pattern), path));
  return (record) => filters.length === 0 || filters.some((matches) => matches(record));
}

function compile(pattern: unknown, path: string): RecordFilter {
  if (Array.isArray(pattern)) {
    const alternatives = pattern.map((alternative) => compileAlternative(alternative, path));
    return (value) => alternatives.some((matches) => matches(value));
  }
  if (!isRecord(pattern)) throw misuse(pattern, path);
  const parts = Object.entries(pattern).map(([key, inner]) => ({ key, matches: compile(inner, path) }));
  return (value) => parts.every(({ key, matches }) => matches(isRecord(value) ? value[key] : undefined));
}

function compileAlternative(alternative: unknown, path: string): RecordFilter {
  if (!isRecord(alternative)) return (value) => value === alternative;
  const [comparison, ...others] = Object.entries(alternative);
  if (comparison === undefined || others.length > 0) throw misuse(alternative, path);
  const [operator, operand] = comparison;
  if (operator === "prefix" && typeof operand === "string") {
    return (value) => typeof value === "string" && value.startsWith(operand);
  }
  if (operator === "exists" && typeof operand === "boolean") return (value) => (value !== undefined) === operand;
  throw misuse(alternative, path);
}

function misuse(pattern: unknown, path: string): StartFailure {
  return new StartFailure(`${path}: the filter ${JSON.stringify(pattern)} cannot be interpreted on this machine`);
}
