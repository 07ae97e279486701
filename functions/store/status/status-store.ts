import type { Catalog, ComponentChange } from "../../core/component.ts";
import type { Incident, Update, UpdateTelling } from "../../core/incident.ts";
import type { Page } from "../../core/page.ts";
import type { IncidentCommit } from "../../core/posting.ts";

/** `conflict`: somebody else wrote first; read again and retry. `exists`: an item with this id is already there. */
export type CommitOutcome = { outcome: "committed" } | { outcome: "conflict" } | { outcome: "exists" };

export interface ListPage<T> {
  items: T[];
  /** Opaque; null at the end. */
  next: string | null;
}

/** The status table: everything public about pages, components and incidents. All reads are strongly consistent. */
export interface StatusStore {
  createPage(page: Page): Promise<CommitOutcome>;
  getPage(pageId: string): Promise<Page | null>;
  listPages(): Promise<Page[]>;
  /** Stores new settings, on the condition that the page still has `page.version`, and raises it. */
  savePage(page: Page): Promise<CommitOutcome>;

  /** The empty catalog (version 0) when there is none. */
  getCatalog(pageId: string): Promise<Catalog>;
  /**
   * Stores the catalog on the condition that the stored one has `catalog.version`. Raises that version and the page's.
   * The notice of a change without an incident goes into the ledger in the same transaction.
   */
  saveCatalog(pageId: string, catalog: Catalog, change: ComponentChange | null): Promise<CommitOutcome>;

  /** One transaction: update, header, catalog, change, page version and notice. Never writes half. */
  commitIncident(commit: IncidentCommit): Promise<CommitOutcome>;
  /** Withdrawn ones too: callers that show incidents must look at `withdrawnAt`. */
  getIncident(pageId: string, incidentId: string): Promise<Incident | null>;
  /** All updates of the incident, oldest first. */
  listUpdates(pageId: string, incidentId: string): Promise<Update[]>;
  /** The same without their texts, for callers that read them again and again: those seen before cost nothing. */
  listTellings(pageId: string, incidentId: string): Promise<UpdateTelling[]>;
  /**
   * Edits text and display time of an update in place (notifies nobody). The header's new version and `updatedAt` go
   * with it.
   */
  editUpdate(update: Update, incident: Incident, expectedVersion: number): Promise<CommitOutcome>;
  /** Newest first by creation, without withdrawn ones. */
  listIncidents(pageId: string, limit: number, cursor: string | null): Promise<ListPage<Incident>>;
  /** Newest first, without withdrawn ones. */
  listUnresolved(pageId: string): Promise<Incident[]>;
  /** Component changes at or after the instant, oldest first. */
  listChanges(pageId: string, since: number): Promise<ComponentChange[]>;

  /** What has been published of the page. Version 0: nothing. */
  getPublication(pageId: string): Promise<Publication>;
  /** Takes the page's publishing lease, unless another holder's is still running at `now`. */
  leasePublication(
    pageId: string,
    holder: string,
    now: number,
    leaseUntil: number,
  ): Promise<{ outcome: "leased" } | { outcome: "busy" }>;
  /**
   * Records what was published and releases the lease, on two conditions in one transaction: `holder` still has the
   * lease, and the page is still at that version. `stale`: the page has moved on; publish again (the lease is kept).
   */
  finishPublication(
    pageId: string,
    holder: string,
    published: Pick<Publication, "version" | "build">,
  ): Promise<{ outcome: "finished" } | { outcome: "stale" } | { outcome: "lost" }>;
  /** Forgets that anything was published (the bucket was lost), so that sweep has the page written again. */
  forgetPublication(pageId: string): Promise<void>;
}

export interface Publication {
  /** The page's. */
  version: number;
  /** What the files were made with, besides the tables: the publisher's code and settings. Empty: nothing yet. */
  build: string;
  leaseUntil: number;
}
