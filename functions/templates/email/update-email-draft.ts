import type { Update } from "../../core/incident.ts";
import type { UpdateSource } from "../update-source.ts";

export interface UpdateEmailSource extends UpdateSource {
  /** Sender address; the display name is the page's. */
  from: string;
}

/** The part of an incident that a mail shows. */
export interface Draft {
  /** Newest first. The mail is about the first one. */
  told: readonly Update[];
  /** Characters of the first one's body; null: all. */
  cut: number | null;
  unsubscribeUrl: string;
}
