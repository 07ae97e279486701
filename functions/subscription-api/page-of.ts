import { NO_BRANDING, type Page } from "../core/page.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { PageIdentity } from "./pages.tsx";

/** What letters wear. A subscriber of a page that is gone can still leave. */
export type PageLook = Pick<Page, "name" | "branding">;

export async function lookOf({ status }: { status: Pick<StatusStore, "getPage"> }, pageId: string): Promise<PageLook> {
  return (await status.getPage(pageId)) ?? { name: "Status page", branding: NO_BRANDING };
}

export async function pageOf(
  deps: { status: Pick<StatusStore, "getPage">; pageUrl: string },
  pageId: string,
): Promise<PageIdentity> {
  const { name: pageName } = await lookOf(deps, pageId);
  return { pageName, pageUrl: deps.pageUrl };
}

/** The page that one signs up for: a deployment serves one. Throws 503 before it was created. */
export async function servedPage({ status }: { status: Pick<StatusStore, "listPages"> }): Promise<Page> {
  const [page] = await status.listPages();
  if (page === undefined) throw new HttpProblem(503, "There is no status page yet", [], { "retry-after": "60" });
  return page;
}
