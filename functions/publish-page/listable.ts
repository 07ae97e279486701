import type { IncidentWithUpdates } from "../templates/public-page.ts";

/**
 * Characters of all updates' texts in one list: CloudFront compresses files up to 10,000,000 bytes, and a text's JSON
 * is rarely twice its length. An incident's own file has all of its updates.
 */
const LIST_TEXT = 4_000_000;

/**
 * The incidents with as many of their newest updates as there is room for, one at least. Each incident has the same
 * share of the room.
 */
export function listable(incidents: readonly IncidentWithUpdates[]): IncidentWithUpdates[] {
  const total = incidents.reduce((sum, one) => sum + lengthOf(one), 0);
  if (total <= LIST_TEXT) return [...incidents];
  const share = LIST_TEXT / incidents.length;
  return incidents.map((one) => (lengthOf(one) <= share ? one : shortened(one, share)));
}

function shortened(one: IncidentWithUpdates, share: number): IncidentWithUpdates {
  let room = share;
  const kept = one.updates
    .toSorted((a, b) => b.seq - a.seq)
    .filter(({ body }, index) => {
      room -= body.length;
      return index === 0 || room >= 0;
    });
  return { ...one, updates: kept, leftOut: one.updates.length - kept.length };
}

function lengthOf({ updates }: IncidentWithUpdates): number {
  return updates.reduce((sum, { body }) => sum + body.length, 0);
}
