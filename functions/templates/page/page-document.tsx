import type { ComponentChildren } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import { oneLine } from "../markdown.ts";
import type { PublicPage, SignUp } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { ICON_COLOURS, type Tone } from "../tone.ts";
import { trustedHtml } from "../trusted-html.ts";
import { pageStyle } from "./page-style.ts";

export interface DocumentProps {
  source: PublicPage;
  /** Whole, as the tab shows it. */
  title: string;
  /** One line for search results and link previews. */
  description: string;
  /** Path under the page's address, `/` or `/incidents/abc`; null where a page has no address of its own. */
  path: string | null;
  tone: Tone;
  /** The page's version, if the file shows the whole page. */
  version?: number;
  children: ComponentChildren;
}

/**
 * No script, and nothing from elsewhere but the logo. So the page works and is safe whatever a body says.
 * frame-ancestors needs a header, which CloudFront adds.
 */
function policyOf(styleSource: string, logoUrl: string | null, signUp: SignUp | undefined): string {
  const forms = signUp === undefined ? "'none'" : new URL(signUp.subscriptionsUrl).origin;
  const images = logoUrl === null ? "data:" : `data: ${new URL(logoUrl).origin}`;
  return `default-src 'none'; style-src ${styleSource}; img-src ${images}; base-uri 'none'; form-action ${forms}`;
}

function icon(tone: Tone): string {
  return `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23${ICON_COLOURS[tone]}'/%3E%3C/svg%3E`;
}

/** A whole HTML file. */
export function renderDocument({ source, title, description, path, tone, version, children }: DocumentProps): string {
  const { page, pageUrl } = source;
  const [name, plainTitle, summary] = [oneLine(page.name), oneLine(title), oneLine(description)];
  const strings = stringsOf(page.locale);
  const style = pageStyle(page.branding.colour);
  const html = renderToStaticMarkup(
    <html lang={strings.language}>
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content={policyOf(style.source, page.branding.logoUrl, source.signUp)}
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="strict-origin-when-cross-origin" />
        <title>{plainTitle}</title>
        <meta name="description" content={summary} />
        <meta property="og:title" content={plainTitle} />
        <meta property="og:description" content={summary} />
        <meta property="og:type" content="website" />
        {path === null ? (
          <meta name="robots" content="noindex" />
        ) : (
          <>
            <link rel="canonical" href={`${pageUrl}${path}`} />
            <meta property="og:url" content={`${pageUrl}${path}`} />
          </>
        )}
        {version === undefined ? null : <meta name="tocsin-version" content={String(version)} />}
        <link rel="icon" href={icon(tone)} />
        <link rel="alternate" type="application/atom+xml" title={`${name} (Atom)`} href="/history.atom" />
        <link rel="alternate" type="application/rss+xml" title={`${name} (RSS)`} href="/history.rss" />
        <style {...trustedHtml(style.sheet)} />
      </head>
      <body>
        <a class="skip" href="#content">
          {strings.page.skip}
        </a>
        {children}
        <footer class="bottom">
          <div class="wrap">
            <p>{strings.page.zones(page.timeZone.replaceAll("_", " "))}</p>
            <p>{strings.page.publishedWith}</p>
          </div>
        </footer>
      </body>
    </html>,
  );
  return `<!doctype html>\n${html}\n`;
}
