import { hearsNothing } from "../../core/chosen.ts";
import type { Locale } from "../../core/locale.ts";
import type { Subscriber } from "../../core/subscriber.ts";
import type { HttpReply } from "../../lambda/http.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { pageOf } from "../page-of.ts";
import { htmlReply } from "../page-shell.tsx";
import { done } from "../pages.tsx";
import type { PeopleDeps } from "./people-deps.ts";

/**
 * Says that somebody is told from now on. What they chose may have been deleted before they confirmed, or while they were
 * away: then that is said, with the way to choose anew.
 */
export async function welcome(
  deps: Pick<PeopleDeps, "status" | "subscribers" | "pageUrl">,
  { pageId, channel, id }: Pick<Subscriber, "pageId" | "channel" | "id">,
  locale: Locale,
  words: { title: string; text: string },
): Promise<HttpReply> {
  const [identity, subscriber, catalog] = await Promise.all([
    pageOf(deps, pageId),
    deps.subscribers.get(pageId, channel, id),
    deps.status.getCatalog(pageId),
  ]);
  if (subscriber === null || !hearsNothing(subscriber.scopes, catalog)) return done(identity, locale, words);
  const { signUp, subscriptions } = stringsOf(locale);
  return htmlReply(200, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        <p class="note bad" role="alert">
          {subscriptions.manage.hearsNothing}
        </p>
        <p>
          <a href={channel === "webhook" ? "/portal" : `/manage?locale=${locale}`}>{signUp.manage}</a>
        </p>
      </>
    ),
  });
}
