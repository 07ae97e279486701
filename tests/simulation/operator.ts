import type { Clock } from "../../functions/core/clock.ts";
import { type Catalog, componentStatusSchema } from "../../functions/core/component.ts";
import { changeStatus } from "../../functions/core/component-change.ts";
import type { Incident, UpdateStatus } from "../../functions/core/incident.ts";
import { openIncident, postUpdate, withdraw } from "../../functions/core/posting.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import { COMPONENT, PAGE } from "./samples.ts";
import type { Stream } from "./scenario.ts";

export const INCIDENT = "incident0000";

/** Posts about one incident and one component; `wake` has the stream bring what was announced. */
export function simulatedOperator(status: StatusStore, clock: Clock, wake: (updateId: string, stream: Stream) => void) {
  async function commit(made: ReturnType<typeof openIncident>, stream: Stream): Promise<void> {
    if (made.outcome !== "ready") throw new Error(made.outcome);
    const committed = await status.commitIncident(made.commit);
    if (committed.outcome !== "committed") throw new Error(committed.outcome);
    if (made.commit.notice !== null) wake(made.commit.notice.updateId, stream);
  }

  async function post(state: UpdateStatus, deliver: boolean, stream: Stream): Promise<void> {
    const catalog: Catalog = await status.getCatalog(PAGE);
    const incident: Incident | null = await status.getIncident(PAGE, INCIDENT);
    const updateId = `update${String((incident?.seq ?? 0) + 1).padStart(6, "0")}`;
    const input = { updateId, body: state, components: {}, deliverNotifications: deliver, displayAt: null };
    if (incident !== null) {
      if (incident.withdrawnAt !== null) return;
      return commit(postUpdate(incident, { ...input, status: state }, catalog, clock()), stream);
    }
    const opened = { pageId: PAGE, incidentId: INCIDENT, name: "Outage", impactOverride: null, schedule: null };
    await commit(
      openIncident({ ...input, ...opened, status: "investigating", backfilled: false, metadata: {} }, catalog, clock()),
      stream,
    );
  }

  /** Changes it to a status that it does not have. */
  async function changeComponent(stream: Stream): Promise<void> {
    const catalog = await status.getCatalog(PAGE);
    const present = catalog.components.find(({ id }) => id === COMPONENT.id);
    if (present === undefined) return;
    const statuses = componentStatusSchema.options;
    const next = statuses[(statuses.indexOf(present.status) + 1) % statuses.length] ?? present.status;
    const noticeId = `change${String(catalog.version).padStart(6, "0")}`;
    const input = { pageId: PAGE, componentId: present.id, status: next, noticeId };
    const changed = changeStatus(catalog, input, clock());
    const saved = await status.saveCatalog(PAGE, changed.catalog, changed.change);
    if (saved.outcome !== "committed") throw new Error(saved.outcome);
    wake(noticeId, stream);
  }

  async function withdrawAll(): Promise<void> {
    const incident = await status.getIncident(PAGE, INCIDENT);
    if (incident !== null && incident.withdrawnAt === null) await status.commitIncident(withdraw(incident, clock()));
    const catalog = await status.getCatalog(PAGE);
    if (catalog.components.length > 0) await status.saveCatalog(PAGE, { ...catalog, components: [] }, null);
  }

  return { post, changeComponent, withdrawAll };
}
