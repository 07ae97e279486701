import { oneLine } from "../markdown.ts";
import type { PublicPage } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { renderDocument } from "./page-document.tsx";
import { SiteHeader } from "./page-parts.tsx";

/** `404.html` */
export function renderNotFoundPage(source: PublicPage): string {
  const name = oneLine(source.page.name);
  const strings = stringsOf(source.page.locale).page;
  return renderDocument({
    source,
    title: `${strings.notFoundTitle} · ${strings.title(name)}`,
    description: strings.notFoundDescription(name),
    path: null,
    tone: "calm",
    children: (
      <>
        <SiteHeader source={source} current={null} />
        <main class="wrap lost" id="content">
          <h1>{strings.notFound}</h1>
          <p>
            {strings.notFoundText(
              (label) => (
                <a href="/">{label}</a>
              ),
              (label) => (
                <a href="/history">{label}</a>
              ),
            )}
          </p>
        </main>
      </>
    ),
  });
}
