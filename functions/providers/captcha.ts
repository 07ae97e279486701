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
        if (!answer.ok || Number(answer.headers.get("content-length") ?? 0) > ANSWER_LIMIT) return "no answer";
        const parsed = z.safeParse(answerSchema, await answer.json());
        if (!parsed.success) return "no answer";
        return parsed.data.success ? "solved" : "not solved";
      } catch {
        return "no answer";
      }
    },
  };
}
