import type { Page } from "../../core/page.ts";
import type { ChatFormat } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { oneLine } from "../markdown.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { discordBody } from "./chat-discord.ts";
import type { ChatPost } from "./chat-post.ts";
import { slackBody } from "./chat-slack.ts";
import { teamsBody } from "./chat-teams.ts";

/** The JSON that the chat's incoming webhook takes. */
export function chatBody(format: ChatFormat, post: ChatPost): unknown {
  switch (format) {
    case "slack":
      return slackBody(post);
    case "discord":
      return discordBody(post);
    case "teams":
      return teamsBody(post);
    default:
      return unreachable(format);
  }
}

/**
 * What is posted to a hook before its contact confirms it (`hello`), and when its contact tries it out later (`test`).
 */
export function testPost(page: Pick<Page, "name" | "locale">, pageUrl: string, about: "hello" | "test"): ChatPost {
  const { chatTest, letters } = stringsOf(page.locale);
  const name = oneLine(page.name);
  return {
    label: chatTest.label,
    title: chatTest.title(name),
    body: chatTest.body[about],
    facts: [],
    footer: name,
    tone: "calm",
    url: pageUrl,
    linkLabel: letters.seePage,
  };
}
