import { oneLine } from "./markdown.ts";
import { renderDocument } from "./page-document.tsx";
import { SiteHeader } from "./page-parts.tsx";
import type { PublicPage } from "./statuspage-json.ts";

/** `404.html` */
export function renderNotFoundPage(source: PublicPage): string {
  const name = oneLine(source.page.name);
  return renderDocument({
    source,
    title: `Page not found · ${name} Status`,
    description: `There is no such page on the status page of ${name}.`,
    path: null,
    tone: "calm",
    children: (
      <>
        <SiteHeader source={source} current={null} />
        <main class="wrap lost" id="content">
          <h1>There is no such page</h1>
          <p>
            The address may be mistyped, or the incident was withdrawn. See the <a href="/">current status</a> or the{" "}
            <a href="/history">incident history</a>.
          </p>
        </main>
      </>
    ),
  });
}
