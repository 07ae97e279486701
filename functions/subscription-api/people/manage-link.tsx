import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import { type Locale, localeOf } from "../../core/locale.ts";
import { smsLetterWork } from "../../core/queued-work.ts";
import { type Address, addressOf, normalizeEmail, type Subscriber } from "../../core/subscriber.ts";
import { type HttpReply, type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import { phoneOf } from "../../subscriptions/contact.ts";
import { emailField } from "../../subscriptions/email-address.ts";
import { countryName } from "../../templates/page/sign-up-form.tsx";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { countAddress, countSource } from "../caps.ts";
import { holderOf } from "../holder-of.ts";
import { type Asker, type MailTo, sendDecoyLetter, sendManageLetter, sendManageSms } from "../letters.ts";
import type { PageLook } from "../page-of.ts";
import { htmlReply } from "../page-shell.tsx";
import type { PageIdentity } from "../pages.tsx";
import { requireMail } from "../require-mail.ts";
import { type Visit, visitOf } from "../visit.ts";
import { localeField } from "../wishes.ts";
import { type BothReply, forBoth } from "./both.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { phoneFields } from "./sign-up-sms.ts";
import { manageStep } from "./step.ts";

/** People manage a subscription by a link sent to its address: to know the address is never enough. */
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
  if (deps.smsCountries.size === 0) requireMail(deps);
  const page = await deps.servedPage();
  const locale = localeOf(request.query.get("locale") ?? "") ?? page.locale;
  return askForAddress({ pageName: page.name, pageUrl: deps.pageUrl }, locale, deps);
}

async function sendLink(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const visit = await visitOf(deps);
  const { page } = visit;
  const body = parsedBody(request);
  const bySms = fieldsIn(eitherSchema, body, "").phone_number !== undefined;
  if (!bySms) requireMail(deps);
  await countSource(deps, visit, bySms ? "sms" : "mail", request.source);
  const identity = { pageName: page.name, pageUrl: deps.pageUrl };
  if (bySms) {
    const input = fieldsIn(bySmsSchema, body, "");
    const contact = phoneOf({ number: input.phone_number, country: input.phone_country }, deps.smsCountries, "");
    const locale = input.locale ?? page.locale;
    const address = { pageId: page.id, channel: "sms", address: contact.phone } as const;
    await sendToAddress(deps, visit, address, { locale, to: contact.phone }, "anybody");
    return accepted(identity, locale, "sms");
  }
  const { email, ...asked } = fieldsIn(byEmailSchema, body, "");
  const locale = asked.locale ?? page.locale;
  const address = { pageId: page.id, channel: "email", address: normalizeEmail(email) } as const;
  await sendToAddress(deps, visit, address, { locale, to: email }, "anybody");
  return accepted(identity, locale, "mail");
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

/** Does as much work for a stranger's address as for a subscriber's. */
async function sendToAddress(
  deps: PeopleDeps,
  visit: Visit<PageLook>,
  address: Address<"email" | "sms">,
  mail: Pick<MailTo, "locale" | "to">,
  by: Asker,
): Promise<void> {
  const { page, key, now } = visit;
  const isCapped = await countAddress(deps, visit, address, { what: "link", by });
  const blocked = await blockOf(deps, key, address);
  const nobody = newId(deps.random);
  const holder = await holderOf(deps, address, nobody);
  const step = manageStep({ holder, blocked, isCapped });
  if (step.do === "manage link") {
    return step.holder.channel === "email"
      ? sendManageLetter(deps, visit, step.holder, by)
      : sendManageSms(deps, visit, step.holder, by);
  }
  if (address.channel === "email") return sendDecoyLetter(deps, visit, mail);
  const text = deps.fitSms(stringsOf(mail.locale).subscriptions.smsLink(page.name), deps.subscriptionsUrl);
  const content = { about: "nothing", cause: by, text, endsAt: now } as const;
  await deps.smsLetters.sendSmsLetter(smsLetterWork({ pageId: page.id, id: nobody }, content, deps.random));
}

/** For people who hold another of their links, such as the one to unsubscribe. */
export async function sendLinkTo(
  deps: PeopleDeps,
  visit: Visit<PageLook>,
  subscriber: Subscriber | null,
): Promise<void> {
  if (subscriber === null || subscriber.channel === "webhook") return;
  const { pageId, channel, locale } = subscriber;
  if (channel === "email") requireMail(deps);
  const address = addressOf(subscriber);
  await sendToAddress(deps, visit, { pageId, channel, address }, { locale, to: address }, "own link");
}

function askForAddress(
  identity: PageIdentity,
  locale: Locale,
  { hasMail, smsCountries }: Pick<PeopleDeps, "hasMail" | "smsCountries">,
): HttpReply {
  const countries = [...smsCountries];
  const words = stringsOf(locale).subscriptions.askManage;
  return htmlReply(200, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        <p>{words.text}</p>
        {hasMail ? (
          <form method="post" action="/manage">
            <input type="hidden" name="locale" value={locale} />
            <label for="email">{words.email}</label>
            <input id="email" name="email" type="email" required maxLength={254} autoComplete="email" />
            <button type="submit">{words.button}</button>
          </form>
        ) : null}
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
