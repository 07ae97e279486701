import type { LocalFunction } from "./local-function.ts";

/** Lambda developer guide, "How Lambda handles errors and retries with asynchronous invocation": a minute, then two. */
const WAITS_MS = [60_000, 120_000] as const;

/** Invokes a function as a schedule does: a failure is reported where it happened, and Lambda runs it again. */
export async function invokeAsync(
  target: Pick<LocalFunction, "invoke" | "asyncRetries">,
  payload: unknown,
  /** False when the stack stops meanwhile. */
  wait: (milliseconds: number) => Promise<boolean>,
): Promise<void> {
  for (let retry = 0; ; retry += 1) {
    const succeeded = await target.invoke(payload).then(
      () => true,
      () => false,
    );
    if (succeeded || retry >= target.asyncRetries) return;
    if (!(await wait(WAITS_MS[retry] ?? WAITS_MS[1]))) return;
  }
}
