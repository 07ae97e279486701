import type { Locale } from "../core/locale.ts";
import type { HttpReply } from "../lambda/http.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import { htmlReply } from "./page-shell.tsx";

export interface PageIdentity {
  pageName: string;
  pageUrl: string;
}

/** Opening a link changes nothing: mail scanners open them all. The button posts to the address the page was opened at. */
export function Ask({ label }: { label: string }) {
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

/** A page that says that something was done. */
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

export function confirmed(identity: PageIdentity, locale: Locale): HttpReply {
  return done(identity, locale, stringsOf(locale).subscriptions.confirmed);
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

/** The same for every link that does not work, so that nothing can be learnt by trying. */
export function linkDoesNotWork(pageUrl: string): HttpReply {
  return htmlReply(404, {
    title: "This link does not work",
    pageName: null,
    pageUrl,
    mark: "missing",
    children: <p>It may have been cut off, have expired, or have been replaced by a newer one.</p>,
  });
}

export function refused(
  status: number,
  problem: string,
  pageUrl: string,
  headers: Readonly<Record<string, string>>,
): HttpReply {
  return htmlReply(
    status,
    { title: "That did not work", pageName: null, pageUrl, mark: "missing", children: <p>{problem}.</p> },
    headers,
  );
}
