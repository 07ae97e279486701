import type { ChangeNotice } from "../core/notice.ts";
import { keepTexts } from "./keep-texts.ts";
import type { PlanDeps, Publication } from "./plan-deps.ts";

/** Stores the texts of a component change. Null when the component was deleted: nobody can look at it any more. */
export async function tellChange(notice: ChangeNotice, deps: PlanDeps): Promise<Publication | null> {
  const { pageId, updateId, change, committedAt } = notice;
  const [page, catalog] = await Promise.all([deps.status.getPage(pageId), deps.status.getCatalog(pageId)]);
  if (page === null) throw new Error(`notice ${updateId} names a page that is not in the status table`);
  const present = catalog.components.find(({ id }) => id === change.id);
  if (present === undefined) return null;
  // The component may have changed again since: the next change announces that.
  const component = { ...present, status: change.newStatus, updatedAt: committedAt };
  const { texts, topic } = deps.renderChange({ page, catalog, component, notice, now: deps.clock() });
  await keepTexts(notice, texts, deps);
  return {
    json: topic,
    attributes: { page: pageId, component: change.id, status: change.newStatus, componentIds: [change.id] },
  };
}
