/** An error that the person who started the stack can act on: shown as one line, without a stack trace. */
export class StartFailure extends Error {
  override name = "StartFailure";
}

/** The first line of what went wrong, for a terminal. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n", 1)[0] ?? "";
}

/** The code of a Node error such as EADDRINUSE or ENOENT. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
