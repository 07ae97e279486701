import type { Rendering } from "../../core/rendering.ts";
import type { ChatFormat } from "../../core/subscriber.ts";
import { affectedList } from "../affected-components.ts";
import { oneLine } from "../markdown.ts";
import { markdownToText } from "../markdown-text.ts";
import { plannedTimes } from "../planned-times.ts";
import { incidentUrl } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { STATUS_TONES } from "../tone.ts";
import type { UpdateSource } from "../update-source.ts";
import { postedTime, updateLabel } from "../wording.ts";
import { chatBody } from "./chat-body.ts";
import type { ChatPost } from "./chat-post.ts";

/** What is posted to a chat's hook about an update. It has no link to leave, because a channel has many readers. */
export function composeUpdateChat(format: ChatFormat, source: UpdateSource): Rendering {
  return { parts: [JSON.stringify(chatBody(format, updatePost(source)))], slots: [] };
}

export function updatePost(source: UpdateSource): ChatPost {
  const { page, incident, update, updates, catalog, site } = source;
  const strings = stringsOf(page.locale);
  const affected = affectedList(incident, updates, catalog, page.locale);
  const isMaintenance = incident.schedule !== null;
  return {
    label: updateLabel(update, updates, page.locale),
    title: oneLine(update.incidentName),
    body: markdownToText(update.body, page.locale),
    facts: isMaintenance
      ? plannedTimes(source)
      : affected === null
        ? []
        : [[strings.planned.affects, oneLine(affected)]],
    footer: `${oneLine(page.name)} · ${postedTime(update.displayAt, page)}`,
    tone: STATUS_TONES[update.status],
    url: incidentUrl(site.pageUrl, incident.id),
    linkLabel: isMaintenance ? strings.viewMaintenance : strings.viewIncident,
  };
}
