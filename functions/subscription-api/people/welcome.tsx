import { hearsNothing } from "../../core/chosen.ts";
import type { Locale } from "../../core/locale.ts";
import type { Subscriber } from "../../core/subscriber.ts";
import type { HttpReply } from "../../lambda/http.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { htmlReply } from "../page-shell.tsx";
import { done, type PageIdentity } from "../pages.tsx";
import type { PeopleDeps } from "./people-deps.ts";

/**
 * Says that somebody gets updates from now on. What they chose may have been deleted before they confirmed, or while
 * they were away: then the page says so, with the way to choose again.
 */
export async function welcome(
  deps: Pick<PeopleDeps, "status" | "subscribers">,
  identity: PageIdentity,
  { pageId, channel, id }: Pick<Subscriber, "pageId" | "channel" | "id">,
  locale: Locale,
  words: { title: string; text: string },
): Promise<HttpReply> {
  const [subscriber, catalog] = await Promise.all([
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
