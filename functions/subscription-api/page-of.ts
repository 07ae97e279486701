import { NO_BRANDING, type Page } from "../core/page.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { PageIdentity } from "./pages.tsx";

/** The look of letters. A subscriber of a page that is gone can still leave. */
export type PageLook = Pick<Page, "id" | "name" | "branding">;

const UNNAMED = "Status page";

export function lookOf(page: Page | null, pageId: string): PageLook {
  return page ?? { id: pageId, name: UNNAMED, branding: NO_BRANDING };
}

export function identityOf({ pageUrl }: { pageUrl: string }, page: Page | null): PageIdentity {
  return { pageName: page?.name ?? UNNAMED, pageUrl };
}

export async function pageOf(
  deps: { status: Pick<StatusStore, "getPage">; pageUrl: string },
  pageId: string,
): Promise<PageIdentity> {
  return identityOf(deps, await deps.status.getPage(pageId));
}

export type ServedPage = () => Promise<Page>;

/**
 * Reads the page that people sign up for: a deployment serves one (ADR 1). The first time it searches all pages; from
 * then on it knows the id, and makes one read. Throws 503 before the page was created.
 */
export function servedPageOf(status: Pick<StatusStore, "getPage" | "listPages">): ServedPage {
  let servedId: string | null = null;
  return async () => {
    const known = servedId === null ? null : await status.getPage(servedId);
    const page = known ?? (await status.listPages())[0];
    if (page === undefined) throw new HttpProblem(503, "There is no status page yet", [], { "retry-after": "60" });
    servedId = page.id;
    return page;
  };
}
