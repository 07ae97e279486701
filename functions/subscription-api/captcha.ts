import * as z from "zod/mini";
import { unreachable } from "../core/unreachable.ts";
import { optional } from "../lambda/input.ts";
import { HttpProblem, invalid } from "../lambda/problem.ts";

/** Asks a provider whether a person solved its riddle. */
export interface Captcha {
  verify(token: string, source: string): Promise<"solved" | "not solved" | "no answer">;
}

const token = optional(z.string("must be text").check(z.maxLength(8_192, "is too long")));

/**
 * The fields in which a form or a program puts the token: our own name, and those that hCaptcha's, Turnstile's and
 * reCAPTCHA's widgets use.
 */
export const captchaFields = {
  captcha_token: token,
  "h-captcha-response": token,
  "cf-turnstile-response": token,
  "g-recaptcha-response": token,
};

type CaptchaInput = { [field in keyof typeof captchaFields]?: string | undefined };

/** Throws 422 if a CAPTCHA is required and was not solved, 503 if its provider does not answer. */
export async function checkCaptcha(
  { captcha }: { captcha: Captcha | null },
  input: CaptchaInput,
  source: string,
): Promise<void> {
  if (captcha === null) return;
  const given =
    input.captcha_token ??
    input["h-captcha-response"] ??
    input["cf-turnstile-response"] ??
    input["g-recaptcha-response"] ??
    "";
  if (given === "") throw invalid("captcha_token", "is required");
  const answer = await captcha.verify(given, source);
  switch (answer) {
    case "solved":
      return;
    case "not solved":
      throw invalid("captcha_token", "was not accepted, solve it again");
    case "no answer":
      throw new HttpProblem(503, "The CAPTCHA could not be checked, try again", [], { "retry-after": "30" });
    default:
      return unreachable(answer);
  }
}
