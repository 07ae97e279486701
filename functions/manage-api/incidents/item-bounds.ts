import type { Incident, Update } from "../../core/incident.ts";
import { invalid } from "../../lambda/problem.ts";

/**
 * DynamoDB's 400 kB for an item, less what keys and index attributes take. Counted as JSON, whose quotes, commas and
 * digits are never shorter than DynamoDB's own (its guide, "Item sizes and formats").
 */
const ITEM_LIMIT_BYTES = 390_000;

/** Throws 422 for an incident that its item could not hold; it names the largest part. */
export function checkHeader(incident: Incident): void {
  check(incident, {
    "incident.metadata": incident.metadata,
    "postmortem.body_draft": incident.postmortem,
    "incident.components": [incident.affected, incident.told],
  });
}

/** Throws 422 for an update that its item could not hold; it names the largest part. */
export function checkUpdate(update: Update): void {
  check(update, {
    "incident.body": update.body,
    "incident.components": [update.affectedComponents, update.componentIdsSoFar, update.before],
  });
}

function check(item: unknown, parts: Readonly<Record<string, unknown>>): void {
  const bytes = bytesOf(item);
  if (bytes <= ITEM_LIMIT_BYTES) return;
  const [largest] = Object.entries(parts).sort(([, a], [, b]) => bytesOf(b) - bytesOf(a));
  throw invalid(
    largest?.[0] ?? "incident",
    `is too large: ${bytes} bytes with all else, ${ITEM_LIMIT_BYTES} are the most`,
  );
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value ?? null));
}
