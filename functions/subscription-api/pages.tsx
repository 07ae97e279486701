import type { Locale } from "../core/locale.ts";
import type { HttpReply, HttpRequest } from "../lambda/http.ts";
import type { HttpProblem } from "../lambda/problem.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import { htmlReply } from "./page-shell.tsx";
import { readerLocale } from "./reader-locale.ts";
import { type Retry, RetryForm } from "./retry-form.tsx";

export interface PageIdentity {
  pageName: string;
  pageUrl: string;
}

/**
 * Opening a link changes nothing: mail scanners open them all. The button posts to the address at which the page was
 * opened.
 */
function Ask({ label }: { label: string }) {
  return (
    <form method="post">
      <button type="submit" name="from" value="page">
        {label}
      </button>
    </form>
  );
}

/** A page that asks one question. */
export function question(
  identity: PageIdentity,
  locale: Locale,
  { title, text, button }: { title: string; text: string; button: string },
): HttpReply {
  return htmlReply(200, {
    ...identity,
    locale,
    title,
    mark: "question",
    children: (
      <>
        <p>{text}</p>
        <Ask label={button} />
      </>
    ),
  });
}

/** A page that says what was done. */
export function done(
  identity: PageIdentity,
  locale: Locale,
  { title, text }: { title: string; text: string },
  more: string | null = null,
): HttpReply {
  return htmlReply(200, {
    ...identity,
    locale,
    title,
    mark: "done",
    children: (
      <>
        <p>{text}</p>
        {more === null ? null : <p>{more}</p>}
      </>
    ),
  });
}

/** An endpoint's host has as many endpoints as it may have. */
export function noPlace(identity: PageIdentity, locale: Locale): HttpReply {
  const { title, text } = stringsOf(locale).subscriptions.noPlace;
  return htmlReply(409, { ...identity, locale, title, mark: "missing", children: <p>{text}</p> });
}

export function askToUnsubscribe(identity: PageIdentity, locale: Locale): HttpReply {
  const words = stringsOf(locale).subscriptions.unsubscribe;
  return htmlReply(200, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        <p>{words.text}</p>
        <Ask label={words.button} />
        <section>
          <p>{words.instead}</p>
          <form method="post">
            <button class="calm" type="submit" name="instead" value="change">
              {words.insteadButton}
            </button>
          </form>
        </section>
      </>
    ),
  });
}

/** The same page for every link that does not work, so that nobody learns anything by trying. */
export function linkDoesNotWork(pageUrl: string, headers: HttpRequest["headers"]): HttpReply {
  const locale = readerLocale(headers);
  const { title, text } = stringsOf(locale).subscriptions.badLink;
  return htmlReply(404, { title, locale, pageName: null, pageUrl, mark: "missing", children: <p>{text}</p> });
}

/** The address of the form that posts to a path: on the status page, or of its own. */
export function formAddress(path: string, pageUrl: string): string {
  if (path.startsWith("/subscriptions/")) return `${pageUrl}/#follow`;
  const [, portal] = /^(\/portal\/[^/]+)\/./.exec(path) ?? [];
  return portal ?? path;
}

/**
 * Says what was wrong with a form, in its reader's language, and shows the way back to it. If only its address was
 * wrong, that is the form itself, as it was filled in.
 */
export function refused(
  problem: HttpProblem,
  pageUrl: string,
  form: string,
  locale: Locale,
  retry: Retry | null = null,
): HttpReply {
  const { title } = stringsOf(locale).subscriptions.refused;
  const text = reasonOf(problem, locale);
  if (retry === null) return besideTheForm(problem, { title, text }, pageUrl, form, locale);
  const children = (
    <>
      <p class="note bad" role="alert" id="problem">
        {text}
      </p>
      <RetryForm retry={retry} locale={locale} />
      <p>
        <a href={form}>{stringsOf(locale).subscriptions.refused.back}</a>
      </p>
    </>
  );
  return htmlReply(
    problem.status,
    { title, locale, pageName: null, pageUrl, mark: "missing", children },
    problem.headers,
  );
}

/** For people who reload or bookmarked the address that a form posts to. */
export function formOnly(problem: HttpProblem, pageUrl: string, form: string, locale: Locale): HttpReply {
  return besideTheForm(problem, stringsOf(locale).subscriptions.formOnly, pageUrl, form, locale);
}

function besideTheForm(
  { status, headers }: HttpProblem,
  { title, text }: { title: string; text: string },
  pageUrl: string,
  form: string,
  locale: Locale,
): HttpReply {
  const children = (
    <>
      <p>{text}</p>
      <p>
        <a href={form}>{stringsOf(locale).subscriptions.refused.back}</a>
      </p>
    </>
  );
  return htmlReply(status, { title, locale, pageName: null, pageUrl, mark: "missing", children }, headers);
}

function reasonOf({ status, message, details }: HttpProblem, locale: Locale): string {
  const { refused: words } = stringsOf(locale).subscriptions;
  if (status === 429) return words.tooMany;
  if (status >= 500) return words.later;
  switch (details[0]?.field) {
    case "email":
      return words.email;
    case "mail":
      return words.noMail;
    case "phone_number":
    case "phone_country":
      return words.phone;
    case "captcha_token":
      return words.captcha;
    case "component_ids":
    case "group_ids":
    case "incident_id":
      return words.choice;
    default:
      return `${message}.`;
  }
}
