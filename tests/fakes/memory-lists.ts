import { z } from "zod";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { ListPage } from "../../functions/store/status/status-store.ts";

/** The key under which the fakes keep their things. No part contains a space. */
export function keyOf(...parts: readonly (string | number | null)[]): string {
  return parts.join(" ");
}

/** Where something stands in a list: by its first part, then the next; numbers compare as numbers, text as text. */
export type Place = readonly (string | number)[];
export interface Placed<T> {
  place: Place;
  value: T;
}

export function byPlace(a: { place: Place }, b: { place: Place }): number {
  for (const [index, part] of a.place.entries()) {
    const other = b.place[index];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.place.length - b.place.length;
}

const cursorSchema = z.tuple([z.string(), z.array(z.union([z.string(), z.number()]))]);

/** Nothing like the adapters' cursors: code that takes one apart, or makes one, fails. */
export function cursorOf(list: string, place: Place): string {
  return Buffer.from(JSON.stringify([list, place])).toString("base64url");
}

/** Where the list goes on. Throws InvalidCursorError for a cursor that the list never gave out. */
export function placeIn(list: string, cursor: string): Place {
  const [of, place] = partsOf(cursor);
  if (of !== list) throw new InvalidCursorError("not a cursor of this list");
  return place;
}

function partsOf(cursor: string): z.infer<typeof cursorSchema> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
  } catch {
    throw new InvalidCursorError("not a cursor of this list");
  }
}

/** A page of a list in the order of its places. */
export function pageOf<T>(list: string, all: readonly Placed<T>[], limit: number, cursor: string | null): ListPage<T> {
  const after = cursor === null ? null : { place: placeIn(list, cursor) };
  const rest = all.filter((placed) => after === null || byPlace(placed, after) > 0).sort(byPlace);
  const taken = rest.slice(0, limit);
  const last = taken.at(-1);
  return {
    items: structuredClone(taken.map(({ value }) => value)),
    next: last !== undefined && rest.length > limit ? cursorOf(list, last.place) : null,
  };
}
