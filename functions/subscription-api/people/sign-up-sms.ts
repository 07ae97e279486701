import * as z from "zod/mini";
import { newId, sameDigest, sha256Hex } from "../../core/ids.ts";
import { cleanAddress } from "../../core/invisible.ts";
import { openInvitation } from "../../core/invitation.ts";
import { smsLetterWork } from "../../core/queued-work.ts";
import { newFormToken, newSmsCode, SMS_CODE_LIFE_MS, smsCodeMac } from "../../core/sms-code.ts";
import type { SmsSubscriber } from "../../core/subscriber.ts";
import { type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn, line, optional } from "../../lambda/input.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { phoneCountryField, phoneNumberField, phoneOf } from "../../subscriptions/contact.ts";
import { newSmsSubscriber } from "../../subscriptions/new-subscriber.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { countSource } from "../caps.ts";
import { captchaFields, checkCaptcha } from "../captcha.ts";
import { holderOf } from "../holder-of.ts";
import { sendManageSms } from "../letters.ts";
import { type Visit, visitOf } from "../visit.ts";
import { localeField, preferencesFrom, scopesFrom, wishFields } from "../wishes.ts";
import { acceptInvitation } from "./accept-invitation.ts";
import { type BothReply, forBoth, preflight } from "./both.ts";
import { enrol, type SignUpLetters } from "./enrol.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { enterCode } from "./sign-up-pages.tsx";
import { welcome } from "./welcome.tsx";

export const phoneFields = { phone_country: optional(phoneCountryField), phone_number: phoneNumberField };
const signUpSchema = z.object({ ...phoneFields, ...wishFields, ...captchaFields });
const codeSchema = z.object({
  ...phoneFields,
  // A code typed with blanks, a hyphen or the full stop behind it is as good.
  code: z.pipe(
    z.string({ error: (issue) => (issue.input == null ? "is required" : "must be text") }),
    z.transform((code) => cleanAddress(code).replace(/[\s.,-]/g, "")),
  ),
  /** The token from the answer to the sign-up: a code works only for the person who asked for it. */
  sign_up: line(100),
  locale: localeField,
});

export function smsSignUpRoutes(deps: PeopleDeps): HttpRoute[] {
  const [path, confirmPath] = ["/subscriptions/sms", "/subscriptions/sms/confirm"];
  return [
    { method: "POST", path, run: forBoth(deps, (request) => signUp(deps, request)) },
    preflight(path),
    { method: "POST", path: confirmPath, run: forBoth(deps, (request) => confirmCode(deps, request)) },
    preflight(confirmPath),
  ];
}

/** As with email, one answer and one amount of work, whatever is known of the number. */
async function signUp(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const visit = await visitOf(deps);
  const { page, now } = visit;
  await countSource(deps, visit, "sms", request.source);
  const input = fieldsIn(signUpSchema, parsedBody(request), "");
  await checkCaptcha(deps, input, request.source);
  const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
  const scopes = await scopesFrom(deps, page.id, input);
  const locale = input.locale ?? page.locale;
  const usual = newSmsSubscriber(
    { pageId: page.id, id: newId(deps.random), contact, scopes, locale, confirmed: false },
    now,
  );
  const wanted = { ...usual, preferences: preferencesFrom(input.preferences, usual.preferences) };
  const form = newFormToken(deps.random);
  await enrol(deps, visit, wanted, bySms(deps, visit, wanted, form));
  return {
    status: 202,
    body: {
      status: "accepted",
      sign_up: form,
      next: "Post the code that was sent to the number, and this sign_up, to /subscriptions/sms/confirm, within ten minutes.",
    },
    page: () => enterCode({ pageName: page.name, pageUrl: deps.pageUrl }, locale, { ...contact, form }, null),
  };
}

/** `form`: the form that the code works for. */
function bySms(deps: PeopleDeps, visit: Visit, wanted: SmsSubscriber, form: string): SignUpLetters<SmsSubscriber> {
  const { page, key, now } = visit;
  const { scopes, preferences, locale } = wanted;
  const wordsWith = (code: string) => ({
    cause: "anybody" as const,
    text: deps.fitSms(stringsOf(locale).subscriptions.smsCode(page.name, code), null),
    endsAt: now + SMS_CODE_LIFE_MS,
  });
  const send = (to: SmsSubscriber, content: Parameters<typeof smsLetterWork>[1]) =>
    deps.smsLetters.sendSmsLetter(smsLetterWork(to, content, deps.random));
  return {
    invite: (invited) => {
      const code = newSmsCode(deps.random);
      const hash = smsCodeMac(key, page.id, invited.id, code, form);
      const invitation = { hash, form: sha256Hex(form), at: now, scopes, preferences, locale };
      return send(invited, { about: "code", invitation, ...wordsWith(code) });
    },
    sendLink: (holder) => sendManageSms(deps, visit, holder, "anybody"),
    sendDecoy: () => send(wanted, { about: "nothing", ...wordsWith(newSmsCode(deps.random)) }),
  };
}

const CODE_TRIES = { most: 5, windowMs: SMS_CODE_LIFE_MS };

/**
 * A wrong code, one that is over and a number that nobody signed up get the same answer, so that nobody can learn a
 * number's state.
 */
async function confirmCode(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const visit = await visitOf(deps);
  const { page } = visit;
  await countSource(deps, visit, "codes", request.source);
  const input = fieldsIn(codeSchema, parsedBody(request), "");
  const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
  const locale = input.locale ?? page.locale;
  const identity = { pageName: page.name, pageUrl: deps.pageUrl };
  const form = input.sign_up;
  const confirmed = await confirmedBy(deps, visit, { phone: contact.phone, code: input.code, form });
  if (confirmed !== null) {
    const welcomed = await welcome(deps, identity, confirmed, locale, stringsOf(locale).subscriptions.confirmed);
    return { status: 200, body: { status: "confirmed" }, page: () => welcomed };
  }
  const problem = "is wrong or no longer works";
  const refusal = new HttpProblem(422, `code ${problem}`, [{ field: "code", problem }]);
  const { wrong } = stringsOf(locale).subscriptions.enterCode;
  return {
    status: refusal.status,
    body: { error: refusal.message, details: refusal.details },
    page: () => enterCode(identity, locale, { ...contact, form }, wrong),
  };
}

/** The subscriber whose number the code confirmed; null: nobody. */
async function confirmedBy(
  deps: PeopleDeps,
  { page: { id: pageId }, key, now }: Visit,
  { phone, code, form }: { phone: string; code: string; form: string },
): Promise<SmsSubscriber | null> {
  const nobody = newId(deps.random);
  const holder = await holderOf(deps, { pageId, channel: "sms", address: phone }, nobody);
  const id = holder?.id ?? nobody;
  const invitations = await deps.subscribers.invitationsOf(pageId, "sms", id);
  const formHash = sha256Hex(form);
  const asked = invitations.find(
    (invitation) => invitation.form !== undefined && sameDigest(invitation.form, formHash),
  );
  // Each form has a count of its own, so that nobody uses up the tries of others. It counts in the stretch in which its
  // code was issued, so that the code has its tries once.
  const counted = await deps.access.count(`${pageId}|sms code|${formHash}`, CODE_TRIES, asked?.at ?? now);
  if (counted.outcome === "over" || holder === null) return null;
  const given = smsCodeMac(key, pageId, id, code, form);
  // The code was sent twice, and has done its work already.
  const isLatest = (holder.confirmedAt ?? 0) > now - SMS_CODE_LIFE_MS;
  if (holder.state === "active") return isLatest && sameDigest(holder.confirmTokenHash ?? "", given) ? holder : null;
  const invitation = openInvitation(holder, invitations, given, now);
  if (invitation === null || now >= invitation.at + SMS_CODE_LIFE_MS) return null;
  return (await acceptInvitation(deps, holder, invitation, now)) ? holder : null;
}
