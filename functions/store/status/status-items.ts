import * as z from "zod/mini";
import type { ComponentChange } from "../../core/component.ts";
import { idSchema } from "../../core/ids.ts";
import { type Incident, incidentSchema, isUnresolved } from "../../core/incident.ts";
import { type Key, timeKey } from "../table.ts";

/** The partition of what makes up a page's lists: page, catalog, incident headers, publication. */
export function pagePartition(pageId: string): string {
  return `PAGE#${pageId}`;
}

export function pageKey(pageId: string): Key {
  return { pk: pagePartition(pageId), sk: "PAGE" };
}

export function catalogKey(pageId: string): Key {
  return { pk: pagePartition(pageId), sk: "CATALOG" };
}

export function publicationKey(pageId: string): Key {
  return { pk: pagePartition(pageId), sk: "PUBLICATION" };
}

export function incidentKey(pageId: string, incidentId: string): Key {
  return { pk: pagePartition(pageId), sk: `INCIDENT#${incidentId}` };
}

/** Updates have a partition of their own, so that headers are listed without them. */
export function updatesPartition(pageId: string, incidentId: string): string {
  return `PAGE#${pageId}#INCIDENT#${incidentId}`;
}

export function updateKey(pageId: string, incidentId: string, seq: number): Key {
  return { pk: updatesPartition(pageId, incidentId), sk: `UPDATE#${String(seq).padStart(6, "0")}` };
}

export function changesPartition(pageId: string): string {
  return `PAGE#${pageId}#CHANGES`;
}

export function changeKey(change: ComponentChange, id: string): Key {
  return { pk: changesPartition(change.pageId), sk: `${timeKey(change.at)}#${id}` };
}

/** The list of all pages: ids only. */
export function directoryKey(pageId: string): Key {
  return { pk: "PAGES", sk: `PAGE#${pageId}` };
}

export const directoryEntrySchema = z.object({ pageId: idSchema });

/**
 * The header as stored. Withdrawn ones leave both local indexes. Metadata is free JSON. Attributes cannot hold all of
 * it (numbers of any size, any depth), so it is kept as text.
 */
export function incidentItem(incident: Incident): Record<string, unknown> {
  const shown = incident.withdrawnAt === null;
  return {
    ...incident,
    metadata: JSON.stringify(incident.metadata),
    newestAt: shown ? incident.createdAt : undefined,
    unresolvedAt: shown && isUnresolved(incident) ? incident.createdAt : undefined,
  };
}

const metadataText = z.pipe(
  z.string(),
  z.transform((text): unknown => JSON.parse(text)),
);
export const incidentItemSchema = z.extend(incidentSchema, {
  metadata: z.pipe(metadataText, incidentSchema.shape.metadata),
});

/** What was published of the page, and who holds its publishing lease. */
export const publicationItemSchema = z.object({
  version: z.number(),
  // A record may hold nothing but a lease.
  build: z._default(z.string(), ""),
  leaseUntil: z.number(),
});
