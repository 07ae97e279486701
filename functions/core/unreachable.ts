/** Work or an answer of a kind that this code does not know: nothing was done about it. */
export class UnknownKindError extends Error {
  override name = "UnknownKindError";
}

/**
 * For the `default` of a switch over all kinds: while one is left over, the compiler refuses it. What was stored or queued
 * by newer code comes here at run time. It throws, so that work is not acknowledged and lost.
 */
export function unreachable(kind: never): never {
  throw new UnknownKindError(
    typeof kind === "string" ? `nothing is known of the kind "${kind}"` : "of an unknown kind",
  );
}
