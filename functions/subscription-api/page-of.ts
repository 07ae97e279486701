import type { Page } from "../core/page.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { SubscriptionDeps } from "./api.ts";
import type { PageIdentity } from "./pages.tsx";

/** What a page calls itself. A subscriber of a page that is gone can still leave. */
export async function pageOf(
  { status, pageUrl }: Pick<SubscriptionDeps, "status" | "pageUrl">,
  pageId: string,
): Promise<PageIdentity> {
  const page = await status.getPage(pageId);
  return { pageName: page?.name ?? "Status page", pageUrl };
}

/** The page that one signs up for: a deployment serves one. Throws 503 before it was created. */
export async function servedPage({ status }: { status: Pick<SubscriptionDeps["status"], "listPages"> }): Promise<Page> {
  const [page] = await status.listPages();
  if (page === undefined) throw new HttpProblem(503, "There is no status page yet", [], { "retry-after": "60" });
  return page;
}
