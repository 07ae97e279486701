import type { ComponentChildren } from "preact";
import { renderToStaticMarkup } from "preact-render-to-string";
import type { HttpReply } from "../../lambda/http.ts";
import { oneLine } from "../../templates/markdown.ts";
import { trustedHtml } from "../../templates/trusted-html.ts";
import { SCRIPT, SCRIPT_SOURCE } from "./portal-script.ts";
import { PORTAL_STYLE_SOURCE, PORTAL_STYLESHEET } from "./portal-style.ts";

const POLICY = [
  "default-src 'none'",
  `style-src ${PORTAL_STYLE_SOURCE}`,
  `script-src ${SCRIPT_SOURCE}`,
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** The page loads nothing, and passes on no address with a token in it. */
const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "x-robots-tag": "noindex",
} as const;

export interface PortalShellProps {
  title: string;
  pageName: string;
  pageUrl: string;
  /** Whether the page has the parts that the script refreshes. */
  isLive: boolean;
  children: ComponentChildren;
}

/** The card of the other pages is too narrow for a list of attempts. */
export function portalHtml(status: number, props: PortalShellProps): HttpReply {
  return { status, headers: HEADERS, body: `<!doctype html>${renderToStaticMarkup(<Shell {...props} />)}` };
}

function Shell({ title, pageName, pageUrl, isLive, children }: PortalShellProps) {
  const name = oneLine(pageName);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>{`${oneLine(title)} · ${name}`}</title>
        <style {...trustedHtml(PORTAL_STYLESHEET)} />
      </head>
      <body>
        <main class="portal">
          <div class="wrap">
            <p class="over">
              Webhook for{" "}
              <a href={pageUrl} dir="auto">
                {name}
              </a>
            </p>
            {children}
          </div>
        </main>
        {isLive ? <script {...trustedHtml(SCRIPT)} /> : null}
      </body>
    </html>
  );
}
