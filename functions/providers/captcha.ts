import * as z from "zod/mini";

const WHOLE_MS = 5_000;
const ANSWER_LIMIT = 16 * 1_024;
const answerSchema = z.object({ success: z.boolean() });

/**
 * The siteverify call that hCaptcha, Turnstile, reCAPTCHA and Friendly Captcha's v1 have in common: a form with secret,
 * response and remoteip, answered by JSON with `success`. The URL is the deployment's own setting, never a caller's.
 */
export function siteVerify({ url, secret }: { url: string; secret: string }) {
  return {
    async verify(token: string, source: string): Promise<"solved" | "not solved" | "no answer"> {
      try {
        const answer = await fetch(url, {
          method: "POST",
          body: new URLSearchParams({ secret, response: token, remoteip: source }),
          redirect: "error",
          signal: AbortSignal.timeout(WHOLE_MS),
        });
        const text = answer.ok ? await beginningOf(answer) : null;
        if (text === null) return "no answer";
        const parsed = z.safeParse(answerSchema, JSON.parse(text));
        if (!parsed.success) return "no answer";
        return parsed.data.success ? "solved" : "not solved";
      } catch {
        return "no answer";
      }
    },
  };
}

/** An answer's text; null if it is longer than any such answer. */
async function beginningOf({ body }: Response): Promise<string | null> {
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_LIMIT) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
