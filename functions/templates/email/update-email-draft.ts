import type { Update } from "../../core/incident.ts";

/** The part of an incident that a mail shows. */
export interface Draft {
  /** Newest first. The mail is about the first one. */
  told: readonly Update[];
  /** Characters of the first one's body; null: all. */
  cut: number | null;
  unsubscribeUrl: string;
}
