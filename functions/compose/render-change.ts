import { LOCALES } from "../core/locale.ts";
import type { Site } from "../core/page.ts";
import { CHAT_FORMATS } from "../core/subscriber.ts";
import { composeChangeChat } from "../templates/chat/change-chat.ts";
import { composeChangeTopicJson, composeChangeWebhook } from "../templates/statuspage/change-webhook.ts";
import type { ChangeSource, RenderedChange, RenderedText } from "./sources.ts";

/** Renders every text of a component change once: all attempts send the same bytes. */
export function renderChange({ now, notice, ...rest }: ChangeSource, site: Site): RenderedChange {
  const source = {
    ...rest,
    ...notice.change,
    id: notice.updateId,
    changedAt: notice.committedAt,
    site,
    generatedAt: now,
  };
  const chats = LOCALES.flatMap((locale) =>
    CHAT_FORMATS.map((format): RenderedText => {
      const page = { ...source.page, locale };
      return { format, locale, rendering: composeChangeChat(format, { ...source, page }) };
    }),
  );
  return {
    texts: [...chats, { format: "webhook", locale: null, rendering: composeChangeWebhook(source) }],
    topic: composeChangeTopicJson(source),
  };
}
