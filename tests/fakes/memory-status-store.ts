import { type Catalog, type ComponentChange, EMPTY_CATALOG } from "../../functions/core/component.ts";
import { noticeOfChange } from "../../functions/core/component-change.ts";
import { type Incident, isUnresolved, type Update, updateTellingSchema } from "../../functions/core/incident.ts";
import type { Notice } from "../../functions/core/notice.ts";
import type { Page } from "../../functions/core/page.ts";
import type { CommitOutcome, Publication, StatusStore } from "../../functions/store/status/status-store.ts";
import { byPlace, type Placed, pageOf } from "./memory-lists.ts";

/** What the stream would report of one commit. */
interface Commit {
  pageId: string;
  /** New updates, without edited ones. */
  updates: Update[];
  /** The page's version rose. */
  pageChanged: boolean;
}

export interface MemoryStatusStore extends StatusStore {
  /** Called after each commit, in the order of the commits. */
  onCommit(listener: (commit: Commit) => void): void;
  /** The next `times` writes meet another transaction: they answer `conflict` and write nothing. */
  failNext(outcome: "conflict", times: number): void;
}

interface StoredPage {
  page: Page;
  catalog: Catalog;
  incidents: Map<string, Incident>;
  updates: Map<string, Update[]>;
  changes: ComponentChange[];
}

interface HeldPublication extends Publication {
  holder: string | null;
}

const CONFLICT: CommitOutcome = { outcome: "conflict" };

/**
 * The status store in memory. `putNotice` is where the ledger's fake takes notices; a commit and its notice are one
 * step. It shares no code with the adapter. From core it takes what the words mean: which incidents are unresolved,
 * which change is announced, and what a telling shows of an update.
 */
export function memoryStatusStore({ putNotice }: { putNotice: (notice: Notice) => void }): MemoryStatusStore {
  const pages = new Map<string, StoredPage>();
  const publications = new Map<string, HeldPublication>();
  const announced = new Set<string>();
  const listeners: ((commit: Commit) => void)[] = [];
  let conflictsAhead = 0;

  function meetsConflict(): boolean {
    if (conflictsAhead === 0) return false;
    conflictsAhead -= 1;
    return true;
  }

  function existing(pageId: string): StoredPage {
    const stored = pages.get(pageId);
    if (stored === undefined) throw new Error("there is no page with this id");
    return stored;
  }

  function tell(pageId: string, updates: Update[]): CommitOutcome {
    for (const listener of listeners) listener({ pageId, updates: structuredClone(updates), pageChanged: true });
    return { outcome: "committed" };
  }

  function raisePage(stored: StoredPage, updatedAt: number): void {
    stored.page = { ...stored.page, version: stored.page.version + 1, updatedAt };
  }

  function keepCatalog(stored: StoredPage, catalog: Catalog): void {
    stored.catalog = structuredClone({ ...catalog, version: catalog.version + 1 });
  }

  function shown(pageId: string): Incident[] {
    return [...(pages.get(pageId)?.incidents.values() ?? [])]
      .filter((incident) => incident.withdrawnAt === null)
      .sort((a, b) => byPlace(newestFirst(a), newestFirst(b)));
  }

  return {
    onCommit(listener) {
      listeners.push(listener);
    },

    failNext(_outcome, times) {
      conflictsAhead = times;
    },

    async createPage(page) {
      if (meetsConflict()) return CONFLICT;
      if (pages.has(page.id)) return { outcome: "exists" };
      pages.set(page.id, {
        page: structuredClone(page),
        catalog: EMPTY_CATALOG,
        incidents: new Map(),
        updates: new Map(),
        changes: [],
      });
      return tell(page.id, []);
    },

    async getPage(pageId) {
      return structuredClone(pages.get(pageId)?.page ?? null);
    },

    async listPages() {
      return structuredClone([...pages.values()].map(({ page }) => page).sort((a, b) => a.createdAt - b.createdAt));
    },

    async savePage(page) {
      const stored = pages.get(page.id);
      if (meetsConflict() || stored?.page.version !== page.version) return CONFLICT;
      stored.page = structuredClone({ ...page, version: page.version + 1 });
      return tell(page.id, []);
    },

    async getCatalog(pageId) {
      return structuredClone(pages.get(pageId)?.catalog ?? EMPTY_CATALOG);
    },

    async saveCatalog(pageId, catalog, change) {
      const stored = existing(pageId);
      if (meetsConflict() || stored.catalog.version !== catalog.version) return CONFLICT;
      const notice = change === null ? null : noticeOfChange(change);
      if (notice !== null && announced.has(notice.updateId)) return CONFLICT;
      keepCatalog(stored, catalog);
      if (change !== null) stored.changes.push(structuredClone(change));
      if (notice !== null) {
        announced.add(notice.updateId);
        putNotice(structuredClone(notice));
      }
      const times = [...catalog.components, ...catalog.groups].map(({ updatedAt }) => updatedAt);
      raisePage(stored, Math.max(stored.page.updatedAt, change?.at ?? 0, ...times));
      return tell(pageId, []);
    },

    async commitIncident({ incident, expectedVersion, update, catalog, change, notice }) {
      if (meetsConflict()) return CONFLICT;
      const stored = existing(incident.pageId);
      const present = stored.incidents.get(incident.id);
      if (expectedVersion === null && present !== undefined) return { outcome: "exists" };
      if (expectedVersion !== null && present?.version !== expectedVersion) return CONFLICT;
      const updates = stored.updates.get(incident.id) ?? [];
      if (update !== null && updates.some(({ seq }) => seq === update.seq)) return CONFLICT;
      if (catalog !== null && stored.catalog.version !== catalog.version) return CONFLICT;
      if (notice !== null && announced.has(notice.updateId)) return CONFLICT;

      stored.incidents.set(incident.id, structuredClone(incident));
      if (update !== null) {
        const all = [...updates, structuredClone(update)].sort((a, b) => a.seq - b.seq);
        stored.updates.set(incident.id, all);
      }
      if (catalog !== null) keepCatalog(stored, catalog);
      if (change !== null) stored.changes.push(structuredClone(change));
      raisePage(stored, incident.updatedAt);
      if (notice !== null) {
        announced.add(notice.updateId);
        putNotice(structuredClone(notice));
      }
      return tell(incident.pageId, update === null ? [] : [update]);
    },

    async getIncident(pageId, incidentId) {
      return structuredClone(pages.get(pageId)?.incidents.get(incidentId) ?? null);
    },

    async listUpdates(pageId, incidentId) {
      return structuredClone(pages.get(pageId)?.updates.get(incidentId) ?? []);
    },

    async listTellings(pageId, incidentId) {
      const updates = pages.get(pageId)?.updates.get(incidentId) ?? [];
      return updates.map((update) => structuredClone(updateTellingSchema.parse(update)));
    },

    async editUpdate(update, incident, expectedVersion) {
      if (meetsConflict()) return CONFLICT;
      const stored = existing(incident.pageId);
      const updates = stored.updates.get(update.incidentId) ?? [];
      const old = updates.find(({ seq, id }) => seq === update.seq && id === update.id);
      if (old === undefined || stored.incidents.get(incident.id)?.version !== expectedVersion) return CONFLICT;
      const { body, displayAt, updatedAt } = update;
      Object.assign(old, { body, displayAt, updatedAt });
      stored.incidents.set(incident.id, structuredClone(incident));
      raisePage(stored, incident.updatedAt);
      return tell(incident.pageId, []);
    },

    async listIncidents(pageId, limit, cursor) {
      return pageOf("incidents", shown(pageId).map(newestFirst), limit, cursor);
    },

    async listUnresolved(pageId) {
      return structuredClone(shown(pageId).filter(isUnresolved));
    },

    async listChanges(pageId, since) {
      const changes = (pages.get(pageId)?.changes ?? []).filter(({ at }) => at >= since);
      return structuredClone(changes.sort((a, b) => a.at - b.at));
    },

    async getPublication(pageId) {
      const { version, build, leaseUntil } = publications.get(pageId) ?? { version: 0, build: "", leaseUntil: 0 };
      return { version, build, leaseUntil };
    },

    async leasePublication(pageId, holder, now, leaseUntil) {
      const present = publications.get(pageId) ?? { version: 0, build: "", leaseUntil: 0, holder: null };
      if (present.leaseUntil > now && present.holder !== holder) return { outcome: "busy" };
      publications.set(pageId, { ...present, leaseUntil, holder });
      return { outcome: "leased" };
    },

    async finishPublication(pageId, holder, { version, build }) {
      if (publications.get(pageId)?.holder !== holder) return { outcome: "lost" };
      if (pages.get(pageId)?.page.version !== version) return { outcome: "stale" };
      publications.set(pageId, { version, build, leaseUntil: 0, holder: null });
      return { outcome: "finished" };
    },

    async forgetPublication(pageId) {
      publications.delete(pageId);
    },
  };
}

function newestFirst(incident: Incident): Placed<Incident> {
  return { place: [-incident.createdAt, incident.id], value: incident };
}
