import { createHash } from "node:crypto";
import type { ComponentChildren } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { Locale } from "../core/locale.ts";
import type { HttpReply } from "../lambda/http.ts";
import { stringsOf } from "../templates/strings/strings-of.ts";
import { trustedHtml } from "../templates/trusted-html.ts";

/** Inline, allowed by its hash. Text has at least 4.5:1 on its ground in both schemes (WCAG 2.2 AA). */
const STYLESHEET = `
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --line: #e2e5ea; --ink: #161b22; --ink-2: #4d5663; --accent: #1b57c4; --on: #ffffff; --ok: #0c7a4d; --ok-soft: #e5f5ed; --calm-soft: #eef0f3; --field: #7d8796; --bad: #b81d2c; --bad-soft: #fdebec; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0e1116; --card: #161b22; --line: #272e38; --ink: #eef1f5; --ink-2: #b3bcc8; --accent: #82aefc; --on: #0b1526; --ok: #4cc38a; --ok-soft: #11291f; --calm-soft: #20262f; --field: #6d7786; --bad: #ff8790; --bad-soft: #351719; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--ground); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif; overflow-wrap: anywhere; }
main { width: 100%; max-width: 460px; padding: 40px 36px; background: var(--card); border: 1px solid var(--line); border-radius: 16px; }
.mark { width: 44px; height: 44px; border-radius: 50%; display: grid; place-items: center; margin-bottom: 20px; background: var(--calm-soft); color: var(--ink-2); }
.mark.ok { background: var(--ok-soft); color: var(--ok); }
.page { margin: 0 0 4px; font-size: 14px; font-weight: 600; color: var(--ink-2); }
h1 { margin: 0 0 12px; font-size: 24px; line-height: 1.25; letter-spacing: -.015em; text-wrap: balance; }
p { margin: 0 0 16px; color: var(--ink-2); }
form { margin: 24px 0 0; }
form + p { margin-top: 20px; }
main.wide { max-width: 640px; }
label, legend { color: var(--ink); font-weight: 600; }
input:not([type=checkbox]):not([type=radio]), select { display: block; width: 100%; min-height: 48px; margin: 6px 0 16px; padding: 10px 14px; border: 1px solid var(--field); border-radius: 10px; background: var(--ground); color: var(--ink); font: inherit; }
.pair { display: grid; grid-template-columns: minmax(7.5em, 2fr) 3fr; gap: 0 12px; }
fieldset { margin: 0 0 24px; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin: 0 0 8px; }
.tick { display: flex; gap: 12px; align-items: flex-start; padding: 7px 0; color: var(--ink); font-weight: 400; cursor: pointer; }
.tick input { flex: none; width: 20px; height: 20px; margin: 3px 0 0; accent-color: var(--accent); }
.inner { margin: 4px 0 8px 9px; padding: 2px 0 2px 21px; border-left: 2px solid var(--line); }
.group { margin: 12px 0 8px; }
.group legend { margin: 0 0 2px; font-size: 15px; color: var(--ink-2); }

.note { padding: 12px 16px; border-radius: 10px; background: var(--calm-soft); color: var(--ink); }
.note.ok { background: var(--ok-soft); }
.note.bad { background: var(--bad-soft); color: var(--bad); }
section { margin: 28px 0 0; padding: 24px 0 0; border-top: 1px solid var(--line); }
h2 { margin: 0 0 6px; font-size: 17px; line-height: 1.35; }
section p { margin: 0 0 12px; }
section form { margin: 0; }
button.calm { background: var(--calm-soft); color: var(--ink); }
button.bad { background: transparent; border: 1px solid var(--bad); color: var(--bad); }
.rows { list-style: none; margin: 0; padding: 0; }
.rows li { padding: 14px 0; border-top: 1px solid var(--line); color: var(--ink-2); font-size: 15px; }
.rows b { display: block; color: var(--ink); font-weight: 620; }
button { width: 100%; min-height: 48px; padding: 12px 20px; border: 0; border-radius: 10px; background: var(--accent); color: var(--on); font: inherit; font-weight: 650; cursor: pointer; }
button:hover { filter: brightness(1.08); }
a { color: var(--accent); text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 6px; }
.foot { margin: 24px 0 0; font-size: 14px; }
@media (max-width: 480px) { main { padding: 32px 24px; } }
`;

const STYLE_SOURCE = `'sha256-${createHash("sha256").update(STYLESHEET).digest("base64")}'`;

/** The form posts to the page's own address. The page loads nothing, and passes on no address with a token in it. */
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": `default-src 'none'; style-src ${STYLE_SOURCE}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  "x-robots-tag": "noindex",
} as const;

export interface ShellProps {
  title: string;
  /** Above the title; null if no page is known. */
  pageName: string | null;
  pageUrl: string;
  mark: "question" | "done" | "missing";
  /** English unless given. */
  locale?: Locale;
  /** For pages with more than a button. */
  wide?: boolean;
  children: ComponentChildren;
}

export function htmlReply(
  status: number,
  props: ShellProps,
  headers: Readonly<Record<string, string>> = {},
): HttpReply {
  const html = renderToStaticMarkup(<Shell {...props} />);
  return { status, headers: { ...PAGE_HEADERS, ...headers }, body: `<!doctype html>${html}` };
}

const MARKS: Record<ShellProps["mark"], string> = {
  question: "M5 12h14M13 6l6 6-6 6",
  done: "M5 12.5l4.5 4.5L19 7.5",
  missing: "M7 7l10 10M17 7L7 17",
};

function Shell({ title, pageName, pageUrl, mark, locale = "en", wide = false, children }: ShellProps) {
  return (
    <html lang={locale}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>{pageName === null ? title : `${title} · ${pageName}`}</title>
        <style {...trustedHtml(STYLESHEET)} />
      </head>
      <body>
        <main class={wide ? "wide" : undefined}>
          <div class={mark === "done" ? "mark ok" : "mark"}>
            <svg
              width="24"
              height="24"
              viewBox="0 0 24 24"
              fill="none"
              stroke="currentColor"
              stroke-width="2.2"
              stroke-linecap="round"
              stroke-linejoin="round"
              aria-hidden="true"
            >
              <path d={MARKS[mark]} />
            </svg>
          </div>
          {pageName === null ? null : (
            <p class="page" dir="auto">
              {pageName}
            </p>
          )}
          <h1>{title}</h1>
          {children}
          <p class="foot">
            <a href={pageUrl}>{stringsOf(locale).subscriptions.toPage}</a>
          </p>
        </main>
      </body>
    </html>
  );
}
