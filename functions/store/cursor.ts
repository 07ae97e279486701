/** A caller passed a cursor that the list never gave out. */
export class InvalidCursorError extends Error {
  override name = "InvalidCursorError";
}

/** The parts of a cursor, checked against their form. Cursors pass through callers, so anything may come back. */
export function cursorParts(cursor: string, form: RegExp): string[] {
  const match = form.exec(cursor);
  if (match === null) throw new InvalidCursorError("not a cursor of this list");
  return match.slice(1);
}
