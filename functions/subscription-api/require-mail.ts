import { invalid } from "../lambda/problem.ts";

/** Throws 422 where mail has no sender, so that nobody waits for a letter that is never sent. */
export function requireMail({ hasMail }: { hasMail: boolean }): void {
  if (!hasMail) throw invalid("mail", "is not sent by this page yet");
}
