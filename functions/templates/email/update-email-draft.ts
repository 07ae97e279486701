import type { Update } from "../../core/incident.ts";
import type { UpdateSource } from "../update-source.ts";

export interface UpdateEmailSource extends UpdateSource {
  /** Sender address; the display name is the page's. */
  from: string;
}

/** What of an incident a mail tells. */
export interface Draft {
  /** Newest first; the first one is what the mail is about. */
  told: readonly Update[];
  /** Characters of the first one's body; null: all. */
  cut: number | null;
  unsubscribeUrl: string;
}
