import type { ComponentChildren } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { Locale } from "../../core/locale.ts";
import type { Branding } from "../../core/page.ts";
import { textOn } from "../brand-colour.ts";
import type { Fact } from "../fact.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { MAIL_COLOURS, type Tone } from "../tone.ts";
import { trustedHtml } from "../trusted-html.ts";

export const FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/**
 * Mail clients ignore variables and many rules, so what matters is inline. This sheet adds the dark scheme, narrow
 * screens and what Markdown makes. It has no quotes and no child selectors, because some clients mangle those.
 */
const STYLES = `
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: #1b57c4; }
.prose p, .prose ul, .prose ol, .prose pre, .prose blockquote, .prose table { margin: 0 0 12px; padding: 0; }
.prose ul, .prose ol { padding-inline-start: 24px; }
.prose th, .prose td { padding: 4px 12px 4px 0; text-align: start; vertical-align: top; }
.prose h4 { margin: 20px 0 6px; font-size: 16px; line-height: 1.4; }
.prose blockquote { padding-left: 14px; border-left: 3px solid #cfd4db; }
.prose code { font-family: Menlo, Consolas, monospace; font-size: 14px; }
.prose pre { white-space: pre-wrap; }
.prose .table { overflow-x: auto; }
.prose table { word-break: normal; }
@media (max-width: 600px) {
  .outer { padding: 0 !important; }
  .card { border-radius: 0 !important; border-left: 0 !important; border-right: 0 !important; }
  .pad { padding-left: 20px !important; padding-right: 20px !important; }
  .headline { font-size: 22px !important; }
  .fact { display: block !important; padding: 0 !important; }
  .fact-value { padding-bottom: 10px !important; }
}
@media (prefers-color-scheme: dark) {
  .ground { background: #0e1116 !important; }
  .card { background: #161b22 !important; border-color: #272e38 !important; }
  .ink { color: #eef1f5 !important; }
  .ink-2, .prose { color: #b3bcc8 !important; }
  .ink-3 { color: #98a2b0 !important; }
  .rule { border-color: #272e38 !important; }
  .pill-ok { background: #11291f !important; color: #4cc38a !important; }
  .pill-info { background: #14233d !important; color: #82aefc !important; }
  .pill-minor { background: #2d2410 !important; color: #f2c14e !important; }
  .pill-major { background: #321e12 !important; color: #ff9a61 !important; }
  .pill-critical { background: #351719 !important; color: #ff8790 !important; }
  .pill-calm { background: #20262f !important; color: #b3bcc8 !important; }
  a { color: #82aefc; }
  .link { color: #82aefc !important; }
}
`;

/** Whom a mail is from, and in which language. */
interface MailPage {
  name: string;
  locale: Locale;
  branding: Branding;
}

export interface EmailProps {
  title: string;
  /** What inboxes show beside the subject. */
  preheader: string;
  page: MailPage;
  tone: Tone;
  children: ComponentChildren;
  footer: ComponentChildren;
}

/**
 * A whole HTML mail: one column of at most 600 pixels, in tables, for clients that know nothing else. The tables'
 * layout is fixed. So a wide table in a text scrolls by itself, and makes neither the mail as wide nor its columns one
 * letter narrow.
 */
export function renderEmail({ title, preheader, page, tone, children, footer }: EmailProps): string {
  const html = renderToStaticMarkup(
    <html lang={stringsOf(page.locale).language}>
      <head>
        <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>{oneLine(title)}</title>
        <style {...trustedHtml(STYLES)} />
      </head>
      <body class="ground" style="margin:0;padding:0;background:#f6f7f9;-webkit-text-size-adjust:100%">
        <div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px">
          {oneLine(preheader)}
        </div>
        <table
          role="presentation"
          class="ground"
          width="100%"
          cellPadding="0"
          cellSpacing="0"
          style="table-layout:fixed;background:#f6f7f9"
        >
          <tbody>
            <tr>
              <td class="outer" align="center" style="padding:32px 12px">
                <table
                  role="presentation"
                  class="card"
                  width="100%"
                  cellPadding="0"
                  cellSpacing="0"
                  style="table-layout:fixed;max-width:600px;background:#ffffff;border:1px solid #e2e5ea;border-radius:14px;border-collapse:separate;overflow:hidden"
                >
                  <tbody>
                    <EmailHeader page={page} tone={tone} />
                    {children}
                    <tr>
                      <td
                        class="pad ink-3 rule"
                        style={`padding:20px 36px 26px;border-top:1px solid #e2e5ea;${FONT};font-size:13px;line-height:20px;color:#5f6875;word-break:break-word`}
                      >
                        {footer}
                      </td>
                    </tr>
                  </tbody>
                </table>
              </td>
            </tr>
          </tbody>
        </table>
      </body>
    </html>,
  );
  return `<!doctype html>\n${html}`;
}

/** A stripe in the colour of the news, then the page's brand, on the page's own colour if it has one. */
function EmailHeader({ page, tone }: { page: MailPage; tone: Tone }) {
  const { colour } = page.branding;
  const stripe = (
    <tr>
      <td height="6" style={`height:6px;background:${MAIL_COLOURS[tone].solid};font-size:0;line-height:0`} />
    </tr>
  );
  const common = `${FONT};font-size:14px;line-height:20px;font-weight:600`;
  if (colour === null) {
    return (
      <>
        {stripe}
        <tr>
          <td dir="auto" class="pad ink-2" style={`padding:26px 36px 0;${common};color:#4d5663`}>
            <Brand page={page} />
          </td>
        </tr>
      </>
    );
  }
  return (
    <>
      <tr>
        <td dir="auto" class="pad" style={`padding:18px 36px;background:${colour};${common};color:${textOn(colour)}`}>
          <Brand page={page} />
        </td>
      </tr>
      {stripe}
      <tr>
        <td height="20" style="height:20px;font-size:0;line-height:0" />
      </tr>
    </>
  );
}

/** CSS pixels; the width follows. */
const LOGO_HEIGHT = 32;

/**
 * A logo has the same address for everybody, so it reveals nobody who opened what. If images are not loaded, its text
 * is the name.
 */
function Brand({ page: { name, branding } }: { page: MailPage }) {
  if (branding.logoUrl === null) return <>{oneLine(name)}</>;
  // On its own light ground, so that a dark logo does not vanish in the dark scheme. On a brand colour it was made for
  // that colour.
  const plate =
    branding.colour === null ? "display:inline-block;padding:6px 8px;border-radius:6px;background:#ffffff" : "";
  return (
    <span style={plate}>
      <img
        src={branding.logoUrl}
        alt={oneLine(name)}
        height={LOGO_HEIGHT}
        style={`display:block;height:${LOGO_HEIGHT}px;width:auto;max-width:240px;border:0;${FONT};font-size:16px;line-height:${LOGO_HEIGHT}px;font-weight:600`}
      />
    </span>
  );
}

/** A row of the card. */
export function EmailRow({ padding, children }: { padding: string; children: ComponentChildren }) {
  return (
    <tr>
      <td
        class="pad"
        style={`padding:${padding};${FONT};font-size:16px;line-height:25px;color:#161b22;word-break:break-word`}
      >
        {children}
      </td>
    </tr>
  );
}

export function EmailHeadline({ children }: { children: ComponentChildren }) {
  return (
    <h1
      class="ink headline"
      dir="auto"
      style={`margin:0;${FONT};font-size:25px;line-height:1.25;font-weight:700;letter-spacing:-0.4px;color:#161b22`}
    >
      {children}
    </h1>
  );
}

export function EmailPill({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  const { soft, text } = MAIL_COLOURS[tone];
  return (
    <span
      class={`pill-${tone}`}
      style={`display:inline-block;padding:3px 12px;border-radius:999px;background:${soft};color:${text};font-size:14px;line-height:20px;font-weight:600`}
    >
      {children}
    </span>
  );
}

export function EmailButton({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <table role="presentation" cellPadding="0" cellSpacing="0">
      <tbody>
        <tr>
          <td style="border-radius:9px;background:#1b57c4">
            <a
              href={href}
              style={`display:inline-block;padding:12px 22px;${FONT};font-size:16px;line-height:22px;font-weight:600;color:#ffffff;text-decoration:none`}
            >
              {children}
            </a>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

/** Names and values side by side, one above the other on narrow screens. */
export function EmailFacts({ facts }: { facts: readonly Fact[] }) {
  return (
    <table role="presentation" cellPadding="0" cellSpacing="0">
      <tbody>
        {facts.map(([name, value]) => (
          <tr key={name}>
            <td
              class="ink-3 fact"
              style="padding:0 18px 6px 0;font-size:14px;line-height:22px;color:#5f6875;vertical-align:top;white-space:nowrap"
            >
              {name}
            </td>
            <td
              class="ink fact fact-value"
              dir="auto"
              style="padding:0 0 6px;font-size:14px;line-height:22px;color:#161b22;vertical-align:top"
            >
              {value}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function EmailLink({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <a class="link" href={href} style="color:#1b57c4">
      {children}
    </a>
  );
}
