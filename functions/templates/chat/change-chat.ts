import type { Rendering } from "../../core/rendering.ts";
import type { ChatFormat } from "../../core/subscriber.ts";
import type { ChangeTextSource } from "../change-source.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { COMPONENT_TONES } from "../tone.ts";
import { postedTime } from "../wording.ts";
import { chatBody } from "./chat-body.ts";
import type { ChatPost } from "./chat-post.ts";

/** What is posted to a chat's hook about a component's change of status without an incident, in the page's language. */
export function composeChangeChat(format: ChatFormat, source: ChangeTextSource): Rendering {
  return { parts: [JSON.stringify(chatBody(format, changePost(source)))], slots: [] };
}

function changePost({ page, component, oldStatus, newStatus, changedAt, site }: ChangeTextSource): ChatPost {
  const strings = stringsOf(page.locale);
  return {
    label: strings.components[newStatus],
    title: oneLine(component.name),
    body: "",
    facts: [[strings.before, strings.components[oldStatus]]],
    footer: `${oneLine(page.name)} · ${postedTime(changedAt, page)}`,
    tone: COMPONENT_TONES[newStatus],
    url: site.pageUrl,
    linkLabel: strings.letters.seePage,
  };
}
