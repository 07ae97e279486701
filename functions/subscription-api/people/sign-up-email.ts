import * as z from "zod/mini";
import { newConfirmToken } from "../../core/confirm-token.ts";
import { newId } from "../../core/ids.ts";
import type { EmailSubscriber } from "../../core/subscriber.ts";
import { type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { emailField } from "../../subscriptions/email-address.ts";
import { newEmailSubscriber } from "../../subscriptions/new-subscriber.ts";
import { countSource } from "../caps.ts";
import { captchaFields, checkCaptcha } from "../captcha.ts";
import { sendConfirmationLetter, sendDecoyLetter, sendManageLetter } from "../letters.ts";
import { requireMail } from "../require-mail.ts";
import { type Visit, visitOf } from "../visit.ts";
import { preferencesFrom, scopesFrom, wishFields } from "../wishes.ts";
import { type BothReply, forBoth, preflight } from "./both.ts";
import { enrol, type SignUpLetters } from "./enrol.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { checkMailbox } from "./sign-up-pages.tsx";

const signUpSchema = z.object({ email: emailField, ...wishFields, ...captchaFields });

export function emailSignUpRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/subscriptions/email";
  return [{ method: "POST", path, run: forBoth(deps, (request) => signUp(deps, request)) }, preflight(path)];
}

/**
 * Gives the same answer and does the same work, whatever is known of the address: the caller learns nothing about its
 * holder.
 */
async function signUp(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  requireMail(deps);
  const visit = await visitOf(deps);
  const { page, now } = visit;
  await countSource(deps, visit, "mail", request.source);
  const input = fieldsIn(signUpSchema, parsedBody(request), "");
  await checkCaptcha(deps, input, request.source);
  const scopes = await scopesFrom(deps, page.id, input);
  const locale = input.locale ?? page.locale;
  const usual = newEmailSubscriber(
    {
      pageId: page.id,
      id: newId(deps.random),
      contact: { channel: "email", email: input.email },
      scopes,
      locale,
      confirmed: false,
    },
    now,
  );
  const wanted = { ...usual, preferences: preferencesFrom(input.preferences, usual.preferences) };
  await enrol(deps, visit, wanted, byMail(deps, visit, wanted));
  return {
    status: 202,
    body: { status: "accepted", next: "Open the mail that was sent to the address, and confirm it." },
    page: () => checkMailbox({ pageName: page.name, pageUrl: deps.pageUrl }, locale, input.email),
  };
}

function byMail(deps: PeopleDeps, visit: Visit, wanted: EmailSubscriber): SignUpLetters<EmailSubscriber> {
  const { scopes, preferences, locale, email } = wanted;
  return {
    invite: (invited) => {
      const { pageId, channel, id: subscriberId } = invited;
      const { token, hash } = newConfirmToken({ pageId, channel, subscriberId }, deps.random);
      const invitation = { hash, at: visit.now, scopes, preferences, locale };
      return sendConfirmationLetter(deps, invited, visit.page, token, invitation);
    },
    sendLink: (holder) => sendManageLetter(deps, visit, holder, "anybody", scopes),
    sendDecoy: () => sendDecoyLetter(deps, visit, { locale, to: email }),
  };
}
