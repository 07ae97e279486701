import { hearsNothing } from "../../core/chosen.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { ProbeKind } from "../../core/subject.ts";
import { purgeAtOf } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { Tone } from "../../templates/tone.ts";
import type { Portal } from "./portal-access.ts";
import type { PortalList } from "./portal-deliveries.ts";
import { told } from "./portal-words.ts";

export interface StateText {
  tone: Tone;
  title: string;
  text: string;
  /** What its integrator is likely to do now. */
  action: { label: string; to: "challenge" | "resume" } | null;
}

/** How the endpoint is, in words. */
export function stateText({ subscriber, page, catalog }: Portal, list: PortalList): StateText {
  const at = (instant: number | null | undefined) => (instant == null ? "" : told(instant, page));
  const endText = `Unconfirmed, it is removed ${at(purgeAtOf(subscriber))}.`;
  const isChat = subscriber.format !== "statuspage";
  const { pausedAt, health } = subscriber;
  switch (subscriber.state) {
    case "unconfirmed":
      return {
        tone: "minor",
        title: "Not confirmed yet",
        text: isChat
          ? `${helloText(list)} ${endText}`
          : `A challenge is posted to the endpoint, which has to answer with its text. ${challengeText(list)} ${endText}`,
        action: { label: isChat ? "Post and mail again" : "Send the challenge again", to: "challenge" },
      };
    case "quarantined":
      return {
        tone: "critical",
        title: "In quarantine",
        text: `Since ${at(subscriber.quarantinedAt)}. It accepted nothing through a whole schedule of attempts, so nothing is sent to it any more. Reactivated, it has to prove itself once more.`,
        action: { label: "Reactivate", to: "challenge" },
      };
    case "unsubscribed":
      return {
        tone: "calm",
        title: "Unsubscribed",
        text: `Since ${at(subscriber.unsubscribedAt)}. The endpoint answered 410, or somebody unsubscribed it.`,
        action: { label: "Subscribe again", to: "challenge" },
      };
    case "active":
      break;
    default:
      return unreachable(subscriber.state);
  }
  if (pausedAt !== null) {
    return {
      tone: "calm",
      title: "Paused",
      text: `Since ${at(pausedAt)}. What is posted meanwhile is not sent later.`,
      action: { label: "Resume", to: "resume" },
    };
  }
  if (health !== undefined) {
    const text =
      health.failures === 1
        ? `The last attempt failed, ${at(health.failedAt)}. It is tried again as its schedule has it.`
        : `${health.failures} attempts in a row have failed since ${at(health.since)}. The next is made at ${at(health.nextAttemptAt)}; once it is accepted, everything that waits follows.`;
    return { tone: "major", title: "Failing", text, action: null };
  }
  if (hearsNothing(subscriber.scopes, catalog)) {
    const text = "The components that were chosen are no longer on the page. Choose anew which updates are sent.";
    return { tone: "major", title: "Nothing is sent", text, action: null };
  }
  return { tone: "ok", title: "Active", text: "Updates are sent as they are posted.", action: null };
}

/** A person who confirms a chat has to know that there is something to see in it. */
function helloText({ rows }: PortalList): string {
  const last = rows.find(({ delivery }) => isProbe(delivery, "hello"))?.delivery;
  if (last === undefined)
    return "A first post is on its way to the chat. Once the chat has taken it, its contact is mailed the link to confirm it.";
  if (last.state === "accepted")
    return "The chat took the first post. Once you have seen it there, confirm it by the link in the mail.";
  const status = last.exchanges?.at(-1)?.status ?? null;
  const how = status === null ? "could not be posted" : `was refused with HTTP ${status}`;
  return `The first post ${how}, so there is nothing to confirm yet. Look whether the webhook still exists in the chat.`;
}

function isProbe({ subject }: Delivery, probe: ProbeKind): boolean {
  return subject.kind === "endpoint" && subject.probe === probe;
}

function challengeText({ rows }: PortalList): string {
  const last = rows.find(({ delivery }) => isProbe(delivery, "challenge"))?.delivery.exchanges?.at(-1);
  if (last === undefined) return "It has not answered yet.";
  if (last.status === null) return "The last time there was no answer.";
  const isRight = last.status >= 200 && last.status < 300;
  return isRight
    ? `The last time it answered HTTP ${last.status}, without the text.`
    : `The last time it answered HTTP ${last.status}.`;
}
