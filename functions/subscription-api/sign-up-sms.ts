import * as z from "zod/mini";
import { newId } from "../core/ids.ts";
import { cleanAddress } from "../core/invisible.ts";
import type { Page } from "../core/page.ts";
import { type SigningKey, sameDigest } from "../core/signature.ts";
import { newSmsCode, SMS_CODE_LIFE_MS, smsCodeMac } from "../core/sms-code.ts";
import type { SmsSubscriber, Subscriber } from "../core/subscriber.ts";
import { type HttpRequest, type HttpRoute, parsedBody } from "../lambda/http.ts";
import { fieldsIn, optional } from "../lambda/input.ts";
import { HttpProblem } from "../lambda/problem.ts";
import { blockOf } from "../subscriptions/blocks.ts";
import { phoneCountryField, phoneNumberField, phoneOf } from "../subscriptions/contact.ts";
import { newSubscriber } from "../subscriptions/new-subscriber.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import type { SubscriptionDeps } from "./api.ts";
import { type BothReply, forBoth, preflight } from "./both.ts";
import { countAddress, countSource } from "./caps.ts";
import { captchaFields, checkCaptcha } from "./captcha.ts";
import { sendManageSms } from "./letters.ts";
import { servedPage } from "./page-of.ts";
import { confirmed } from "./pages.tsx";
import { holderOf, writeNothing } from "./sign-up-email.ts";
import { enterCode } from "./sign-up-pages.tsx";
import { signUpStep } from "./step.ts";
import { localeField, preferencesFrom, scopesFrom, wishFields } from "./wishes.ts";

export const phoneFields = { phone_country: optional(phoneCountryField), phone_number: phoneNumberField };
const signUpSchema = z.object({ ...phoneFields, ...wishFields, ...captchaFields });
const codeSchema = z.object({
  ...phoneFields,
  // Typed with blanks, a hyphen or the full stop behind it, it is as good.
  code: z.pipe(
    z.string({ error: (issue) => (issue.input == null ? "is required" : "must be text") }),
    z.transform((code) => cleanAddress(code).replace(/[\s.,-]/g, "")),
  ),
  locale: localeField,
});

export function smsSignUpRoutes(deps: SubscriptionDeps): HttpRoute[] {
  const [path, confirmPath] = ["/subscriptions/sms", "/subscriptions/sms/confirm"];
  return [
    { method: "POST", path, run: forBoth(deps, (request) => signUp(deps, request)) },
    preflight(path),
    { method: "POST", path: confirmPath, run: forBoth(deps, (request) => confirmCode(deps, request)) },
    preflight(confirmPath),
  ];
}

/** As with email: one answer and one amount of work, whatever is known of the number. */
async function signUp(deps: SubscriptionDeps, request: HttpRequest): Promise<BothReply> {
  const now = deps.clock();
  const page = await servedPage(deps);
  const key = await deps.access.currentSigningKey(page.id);
  await countSource(deps, key, page.id, "sms", request.source, now);
  const input = fieldsIn(signUpSchema, parsedBody(request), "");
  await checkCaptcha(deps, input, request.source);
  const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
  const scopes = await scopesFrom(deps, page.id, input);
  const locale = input.locale ?? page.locale;
  const wanted = newSubscriber(
    { pageId: page.id, id: newId(deps.random), contact, scopes, locale, confirmed: false },
    now,
  );
  const preferences = preferencesFrom(input.preferences, wanted.preferences);
  if (wanted.channel === "sms") await enrol(deps, page, key, { ...wanted, preferences }, now);
  return {
    status: 202,
    body: {
      status: "accepted",
      next: "Post the code that was sent to the number to /subscriptions/sms/confirm, within ten minutes.",
    },
    page: () => enterCode({ pageName: page.name, pageUrl: deps.pageUrl }, locale, contact, null),
  };
}

const TRIES = 4;

async function enrol(
  deps: SubscriptionDeps,
  page: Page,
  key: SigningKey,
  wanted: SmsSubscriber,
  now: number,
): Promise<void> {
  const isCapped = await countAddress(deps, key, page.id, "sms", wanted.phone, now, "sign-up");
  const blocked = await blockOf(deps, key, page.id, "sms", wanted.phone);
  const words = stringsOf(wanted.locale).subscriptions;
  const send = (about: "code" | "nothing", subscriberId: string, code: string) =>
    deps.smsLetters.sendSmsLetter({
      kind: "sms letter",
      pageId: page.id,
      subscriberId,
      about,
      letterId: newId(deps.random),
      cause: "anybody",
      text: deps.fitSms(words.smsCode(page.name, code), null),
      endsAt: now + SMS_CODE_LIFE_MS,
    });
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const holder = await holderOf(deps, page.id, "sms", wanted.phone, wanted.id);
    const code = newSmsCode(deps.random);
    switch (signUpStep({ holder, blocked, isCapped })) {
      case "invite": {
        const id = holder?.id ?? wanted.id;
        const invited = { ...wanted, confirmTokenHash: smsCodeMac(key, page.id, id, code) };
        if (!(await saveInvited(deps, holder, invited))) break;
        return send("code", id, code);
      }
      case "manage link":
        await writeNothing(deps, page.id, now);
        if (holder?.channel !== "sms") return;
        return sendManageSms(deps, key, holder, page.name, now, "anybody");
      case "nothing":
        await writeNothing(deps, page.id, now);
        return send("nothing", wanted.id, code);
    }
  }
  throw new Error("a subscriber that signs up is changed again and again");
}

async function saveInvited(
  { subscribers }: Pick<SubscriptionDeps, "subscribers">,
  holder: Subscriber | null,
  wanted: SmsSubscriber,
): Promise<boolean> {
  if (holder === null) return (await subscribers.create(wanted)).outcome === "created";
  const next = { ...wanted, id: holder.id, createdAt: holder.createdAt };
  return (await subscribers.replace(holder, next)).outcome === "changed";
}

const CODE_TRIES = { most: 5, windowMs: SMS_CODE_LIFE_MS };

/** A wrong code, one that is over, a number that nobody signed up: one answer, so that a number's state cannot be asked. */
async function confirmCode(deps: SubscriptionDeps, request: HttpRequest): Promise<BothReply> {
  const now = deps.clock();
  const page = await servedPage(deps);
  const key = await deps.access.currentSigningKey(page.id);
  await countSource(deps, key, page.id, "codes", request.source, now);
  const input = fieldsIn(codeSchema, parsedBody(request), "");
  const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
  const locale = input.locale ?? page.locale;
  const identity = { pageName: page.name, pageUrl: deps.pageUrl };
  if (await isConfirmed(deps, page.id, key, contact.phone, input.code, now)) {
    return { status: 200, body: { status: "confirmed" }, page: () => confirmed(identity, locale) };
  }
  const problem = "is wrong or no longer works";
  const refusal = new HttpProblem(422, `code ${problem}`, [{ field: "code", problem }]);
  return {
    status: refusal.status,
    body: { error: refusal.message, details: refusal.details },
    page: () => enterCode(identity, locale, contact, stringsOf(locale).subscriptions.enterCode.wrong),
  };
}

async function isConfirmed(
  deps: SubscriptionDeps,
  pageId: string,
  key: SigningKey,
  phone: string,
  code: string,
  now: number,
): Promise<boolean> {
  const nobody = newId(deps.random);
  const holder = await holderOf(deps, pageId, "sms", phone, nobody);
  const [id, issuedAt, mac] = [holder?.id ?? nobody, holder?.updatedAt ?? now, holder?.confirmTokenHash ?? ""];
  // The stretch that a code is issued in, not the present one: a code has its five tries once.
  const counted = await deps.access.count(`${pageId}|sms code|${id}|${issuedAt}`, CODE_TRIES, issuedAt);
  const given = smsCodeMac(key, pageId, id, code);
  if (counted.outcome === "over" || !sameDigest(given, mac) || now >= issuedAt + SMS_CODE_LIFE_MS) return false;
  // Sent twice, it has done its work already.
  if (holder?.state === "active") return true;
  if (holder?.state !== "unconfirmed") return false;
  const { outcome } = await deps.subscribers.confirm(pageId, "sms", id, given, now);
  return outcome === "changed";
}
