import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import { type Locale, localeOf } from "../../core/locale.ts";
import { smsLetterWork } from "../../core/queued-work.ts";
import { addressOf, normalizeEmail, type Subscriber } from "../../core/subscriber.ts";
import { type HttpReply, type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import { phoneOf } from "../../subscriptions/contact.ts";
import { emailField } from "../../subscriptions/email-address.ts";
import { countryName } from "../../templates/page/sign-up-form.tsx";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { countAddress, countSource } from "../caps.ts";
import { holderOf } from "../holder-of.ts";
import { type Asker, sendDecoyLetter, sendManageLetter, sendManageSms } from "../letters.ts";
import { lookOf, servedPage } from "../page-of.ts";
import { htmlReply } from "../page-shell.tsx";
import type { PageIdentity } from "../pages.tsx";
import { localeField } from "../wishes.ts";
import { type BothReply, forBoth } from "./both.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { phoneFields } from "./sign-up-sms.ts";
import { manageStep } from "./step.ts";

/** A subscription is managed by a link sent to its address: to know the address is never enough. */
export function manageLinkRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/manage";
  return [
    { method: "GET", path, run: (request) => ask(deps, request) },
    { method: "POST", path, run: forBoth(deps, (request) => sendLink(deps, request)) },
  ];
}

const byEmailSchema = z.object({ email: emailField, locale: localeField });
const bySmsSchema = z.object({ ...phoneFields, locale: localeField });
const eitherSchema = z.looseObject({ phone_number: z.optional(z.unknown()) });

async function ask(deps: PeopleDeps, request: HttpRequest): Promise<HttpReply> {
  const page = await servedPage(deps);
  const locale = localeOf(request.query.get("locale") ?? "") ?? page.locale;
  return askForAddress({ pageName: page.name, pageUrl: deps.pageUrl }, locale, [...deps.smsCountries]);
}

async function sendLink(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const now = deps.clock();
  const page = await servedPage(deps);
  const key = await deps.access.currentSigningKey(page.id);
  const body = parsedBody(request);
  const bySms = fieldsIn(eitherSchema, body, "").phone_number !== undefined;
  await countSource(deps, key, page.id, bySms ? "sms" : "mail", request.source, now);
  const identity = { pageName: page.name, pageUrl: deps.pageUrl };
  if (bySms) {
    const input = fieldsIn(bySmsSchema, body, "");
    const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
    await sendToAddress(deps, page.id, "sms", contact.phone, contact.phone, input.locale ?? page.locale);
    return accepted(identity, input.locale ?? page.locale, "sms");
  }
  const { email, locale } = fieldsIn(byEmailSchema, body, "");
  await sendToAddress(deps, page.id, "email", normalizeEmail(email), email, locale ?? page.locale);
  return accepted(identity, locale ?? page.locale, "mail");
}

function accepted(identity: PageIdentity, locale: Locale, by: "mail" | "sms"): BothReply {
  const words = stringsOf(locale).subscriptions.checkLink;
  return {
    status: 202,
    body: {
      status: "accepted",
      next: "Open the link that was sent, if the address is subscribed. An address gets at most three such mails a day, a number five SMS.",
    },
    page: () =>
      htmlReply(202, { ...identity, locale, title: words.title, mark: "question", children: <p>{words[by]}</p> }),
  };
}

/** As much work for a stranger's address as for a subscriber's. */
async function sendToAddress(
  deps: PeopleDeps,
  pageId: string,
  channel: "email" | "sms",
  address: string,
  written: string,
  locale: Locale,
  by: Asker = "anybody",
): Promise<void> {
  const now = deps.clock();
  const key = await deps.access.currentSigningKey(pageId);
  const isCapped = await countAddress(deps, key, pageId, channel, address, now, "link", by);
  const blocked = await blockOf(deps, key, pageId, channel, address);
  const nobody = newId(deps.random);
  const holder = await holderOf(deps, pageId, channel, address, nobody);
  const page = await lookOf(deps, pageId);
  const step = manageStep({ holder, blocked, isCapped });
  if (step.do === "manage link") {
    return step.holder.channel === "email"
      ? sendManageLetter(deps, key, step.holder, page, now, by)
      : sendManageSms(deps, key, step.holder, page.name, now, by);
  }
  if (channel === "email") return sendDecoyLetter(deps, key, pageId, page, { locale, to: written }, now);
  const text = deps.fitSms(stringsOf(locale).subscriptions.smsLink(page.name), deps.subscriptionsUrl);
  const content = { about: "nothing", cause: by, text, endsAt: now } as const;
  await deps.smsLetters.sendSmsLetter(smsLetterWork({ pageId, id: nobody }, content, deps.random));
}

/** For whoever holds another of their links, such as the one to unsubscribe. */
export async function sendLinkTo(deps: PeopleDeps, pageId: string, subscriber: Subscriber | null): Promise<void> {
  if (subscriber === null || subscriber.channel === "webhook") return;
  await sendToAddress(
    deps,
    pageId,
    subscriber.channel,
    addressOf(subscriber),
    addressOf(subscriber),
    subscriber.locale,
    "own link",
  );
}

function askForAddress(identity: PageIdentity, locale: Locale, countries: readonly string[]): HttpReply {
  const words = stringsOf(locale).subscriptions.askManage;
  return htmlReply(200, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        <p>{words.text}</p>
        <form method="post" action="/manage">
          <input type="hidden" name="locale" value={locale} />
          <label for="email">{words.email}</label>
          <input id="email" name="email" type="email" required maxLength={254} autoComplete="email" />
          <button type="submit">{words.button}</button>
        </form>
        {countries.length === 0 ? null : (
          <section>
            <form method="post" action="/manage">
              <input type="hidden" name="locale" value={locale} />
              <div class="pair">
                <div>
                  <label for="phone_country">{words.country}</label>
                  <select id="phone_country" name="phone_country">
                    {countries.map((country) => (
                      <option key={country} value={country}>
                        {countryName(country, locale)}
                      </option>
                    ))}
                  </select>
                </div>
                <div>
                  <label for="phone_number">{words.phone}</label>
                  <input id="phone_number" name="phone_number" type="tel" required maxLength={40} autoComplete="tel" />
                </div>
              </div>
              <button class="calm" type="submit">
                {words.phoneButton}
              </button>
            </form>
          </section>
        )}
      </>
    ),
  });
}
