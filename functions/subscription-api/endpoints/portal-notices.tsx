import type { HttpReply } from "../../lambda/http.ts";
import type { HttpProblem } from "../../lambda/problem.ts";
import { htmlReply } from "../page-shell.tsx";
import type { Notice } from "./portal-page.tsx";

const NOTICES: Record<string, Notice> = {
  test: { tone: "info", text: "The test is on its way. It appears in the list once it was tried.", asked: true },
  replay: { tone: "info", text: "It is being sent again.", asked: true },
  contact: { tone: "ok", text: "Thank you. You are mailed when this webhook stops working.", asked: false },
  pause: { tone: "ok", text: "Paused. Nothing is sent until you resume.", asked: false },
  resume: { tone: "ok", text: "Resumed. Updates are sent again from now on.", asked: false },
  filter: { tone: "ok", text: "Saved. It counts for everything that is not sent yet.", asked: false },
  challenge: { tone: "info", text: "The endpoint is being asked to prove itself.", asked: true },
};

/** What the page's address says was done; nothing for anything else. */
export function noticeFor(query: URLSearchParams): Notice | null {
  const done = query.get("done") ?? "";
  if (done === "replay-failed") return replayedNotice(query.get("detail") ?? "");
  return Object.hasOwn(NOTICES, done) ? (NOTICES[done] ?? null) : null;
}

function replayedNotice(detail: string): Notice | null {
  const [, queued = "", left = ""] = /^(\d{1,6})-(\d{1,6})$/.exec(detail) ?? [];
  if (queued === "") return null;
  if (queued === "0") return { tone: "ok", text: "Nothing failed in that time.", asked: false };
  const what = queued === "1" ? "One delivery is" : `${queued} deliveries are`;
  const more = left === "0" ? "" : ` ${left} more are left: ask again once these are through.`;
  return { tone: "info", text: `${what} being sent again.${more}`, asked: true };
}

/** How the page names a refused choice, which stands below it as it was entered. */
const REFUSED_CHOICES: Record<string, string> = {
  scope:
    "You ticked single components while the whole page was chosen. Nothing is saved yet: the ticked ones are set below. Save that, or choose the whole page again.",
  all_statuses:
    "You ticked single statuses while every status was chosen. Nothing is saved yet: the ticked ones are set below. Save that, or choose every status again.",
  component_ids: "Choose at least one component that the page has, or the whole page. Nothing is saved yet.",
  statuses: "Choose at least one status, or every status. Nothing is saved yet.",
};

export function refusal({ message, details }: HttpProblem): Notice {
  const field = details[0]?.field ?? "";
  const chosen = Object.hasOwn(REFUSED_CHOICES, field) ? REFUSED_CHOICES[field] : undefined;
  return { tone: "critical", text: chosen ?? `${message}.`, asked: false };
}

export function portalDeleted(pageName: string, pageUrl: string): HttpReply {
  return htmlReply(200, {
    title: "The webhook is deleted",
    pageName,
    pageUrl,
    mark: "done",
    children: <p>Nothing more is sent to it, and your address is forgotten.</p>,
  });
}
