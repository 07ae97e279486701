/** Work or an answer of a kind that this code does not know. Nothing was done about it. */
class UnknownKindError extends Error {
  override name = "UnknownKindError";
}

/**
 * For the `default` of a switch over all kinds. The compiler refuses it while a kind is left over. At run time it meets
 * what newer code stored or queued. It throws, so that such work is not acknowledged and lost.
 */
export function unreachable(kind: never): never {
  throw new UnknownKindError(
    typeof kind === "string" ? `nothing is known of the kind "${kind}"` : "of an unknown kind",
  );
}
