import type { ComponentStatus } from "../core/component.ts";
import type { Impact, UpdateStatus } from "../core/incident.ts";
import type { PageStatus } from "../core/rollup.ts";

/** The six colours in which anything can be shown. */
export type Tone = "ok" | "info" | "minor" | "major" | "critical" | "calm";

export const COMPONENT_TONES: Record<ComponentStatus, Tone> = {
  operational: "ok",
  under_maintenance: "info",
  degraded_performance: "minor",
  partial_outage: "major",
  major_outage: "critical",
};

export const INDICATOR_TONES: Record<PageStatus["indicator"], Tone> = {
  none: "ok",
  maintenance: "info",
  minor: "minor",
  major: "major",
  critical: "critical",
};

export const IMPACT_TONES: Record<Impact, Tone> = {
  none: "calm",
  maintenance: "info",
  minor: "minor",
  major: "major",
  critical: "critical",
};

export const STATUS_TONES: Record<UpdateStatus, Tone> = {
  investigating: "critical",
  identified: "major",
  monitoring: "info",
  resolved: "ok",
  scheduled: "info",
  in_progress: "info",
  verifying: "info",
  completed: "ok",
  postmortem: "calm",
};

/** The dot in the browser's tab has the colour of the page's state: `rrggbb`. */
export const ICON_COLOURS: Record<Tone, string> = {
  ok: "12805c",
  info: "1b57c4",
  minor: "f0b429",
  major: "d2570f",
  critical: "c22231",
  calm: "6b7480",
};

/** How mails and chats show a tone, in the light scheme. The mails' style sheet has the dark counterparts. */
export const MAIL_COLOURS: Record<Tone, { solid: string; soft: string; text: string }> = {
  ok: { solid: "#0c7a4d", soft: "#e5f5ed", text: "#0c7a4d" },
  info: { solid: "#1b57c4", soft: "#e8f0fe", text: "#1b57c4" },
  minor: { solid: "#f6bd3a", soft: "#fff4d9", text: "#8a5700" },
  major: { solid: "#c4500f", soft: "#ffeee3", text: "#b0430a" },
  critical: { solid: "#c22231", soft: "#fdebec", text: "#b81d2c" },
  calm: { solid: "#4d5663", soft: "#eef0f3", text: "#4d5663" },
};
