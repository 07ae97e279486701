import { EMPTY_CATALOG } from "./component.ts";
import { greatest } from "./extremes.ts";
import { type Incident, isUnresolved, type Postmortem, type Update } from "./incident.ts";
import { headerCommit, type IncidentCommit, postUpdate } from "./posting.ts";

/**
 * none -> draft -> published -> (revert) draft, as Statuspage has it. A published one may have a newer draft beside it.
 * Publishing that draft replaces the published text and is announced again.
 */
export type PostmortemOutcome =
  | { outcome: "ready"; commit: IncidentCommit }
  /** Nothing to do: it is so already. */
  | { outcome: "unchanged"; incident: Incident }
  | { outcome: "unresolved" }
  | { outcome: "nothing to publish" }
  | { outcome: "none" };

const EMPTY: Postmortem = {
  body: null,
  bodyUpdatedAt: null,
  draft: null,
  draftUpdatedAt: null,
  publishedAt: null,
  notifySubscribers: false,
};

export function draftPostmortem(incident: Incident, draft: string, now: number): PostmortemOutcome {
  if (isUnresolved(incident)) return { outcome: "unresolved" };
  if (incident.postmortem?.draft === draft) return { outcome: "unchanged", incident };
  const postmortem = { ...(incident.postmortem ?? EMPTY), draft, draftUpdatedAt: now };
  return { outcome: "ready", commit: headerCommit({ ...incident, postmortem }, now) };
}

/** The draft becomes what readers see, and the incident's next update carries its text: one commit. */
export function publishPostmortem(
  incident: Incident,
  input: { updateId: string; notifySubscribers: boolean; displayAt: number | null },
  now: number,
): PostmortemOutcome {
  if (isUnresolved(incident)) return { outcome: "unresolved" };
  const { postmortem } = incident;
  const text = postmortem?.draft;
  if (text == null) {
    return postmortem?.publishedAt != null ? { outcome: "unchanged", incident } : { outcome: "nothing to publish" };
  }
  // Everybody has had this text already: it is published, and only its draft ends.
  if (postmortem?.publishedAt != null && text === postmortem.body) {
    return { outcome: "ready", commit: headerCommit({ ...incident, postmortem: { ...postmortem, draft: null } }, now) };
  }
  const published: Postmortem = {
    body: text,
    bodyUpdatedAt: now,
    draft: null,
    draftUpdatedAt: postmortem?.draftUpdatedAt ?? null,
    publishedAt: input.displayAt ?? now,
    notifySubscribers: input.notifySubscribers,
  };
  const posted = postUpdate(
    { ...incident, postmortem: published },
    {
      updateId: input.updateId,
      status: "postmortem",
      body: text,
      components: {},
      deliverNotifications: input.notifySubscribers,
      displayAt: input.displayAt,
    },
    // It touches no component, and the impact stays what it was.
    EMPTY_CATALOG,
    now,
  );
  return posted.outcome === "ready" ? posted : { outcome: "nothing to publish" };
}

/** What was published becomes the draft, unless there is a newer draft. Its announcement is no longer shown. */
export function revertPostmortem(incident: Incident, now: number): PostmortemOutcome {
  const { postmortem } = incident;
  if (postmortem === null) return { outcome: "none" };
  if (postmortem.publishedAt === null) return { outcome: "unchanged", incident };
  const reverted: Postmortem = {
    ...EMPTY,
    draft: postmortem.draft ?? postmortem.body,
    draftUpdatedAt: now,
  };
  return { outcome: "ready", commit: headerCommit({ ...incident, postmortem: reverted }, now) };
}

export function deletePostmortem(incident: Incident, now: number): PostmortemOutcome {
  if (incident.postmortem === null) return { outcome: "none" };
  return { outcome: "ready", commit: headerCommit({ ...incident, postmortem: null }, now) };
}

/**
 * The updates that readers see. Of the announcements of a postmortem they see only the newest, and only while it is
 * published.
 */
export function shownUpdates(incident: Incident, updates: readonly Update[]): Update[] {
  const newest = greatest(updates.filter(({ status }) => status === "postmortem").map(({ seq }) => seq));
  const isPublished = incident.postmortem?.publishedAt != null;
  return updates.filter(({ status, seq }) => status !== "postmortem" || (isPublished && seq === newest));
}
