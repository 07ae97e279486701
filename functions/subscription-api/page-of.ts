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
