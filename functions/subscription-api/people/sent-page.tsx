import type { Delivery } from "../../core/delivery.ts";
import type { Update } from "../../core/incident.ts";
import type { Subscriber } from "../../core/subscriber.ts";
import type { HttpReply } from "../../lambda/http.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { oneLine } from "../../templates/markdown.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { htmlReply } from "../page-shell.tsx";
import type { PeopleDeps } from "./people-deps.ts";

const SHOWN = 100;
const READS_AT_ONCE = 8;

/** The deliveries to a subscriber in the last 90 days, as the ledger has them, newest update first. */
export async function sentPage(deps: PeopleDeps, subscriber: Subscriber, path: string): Promise<HttpReply> {
  const { pageId, id, locale } = subscriber;
  const [page, { items, next }] = await Promise.all([
    deps.status.getPage(pageId),
    deps.ledger.listSubscriberDeliveries(pageId, id, SHOWN, null),
  ]);
  const updates = await updatesOf(deps, pageId, items);
  const words = stringsOf(locale).subscriptions;
  const times = new Intl.DateTimeFormat(locale === "de" ? "de-DE" : "en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: page?.timeZone ?? "UTC",
  });
  return htmlReply(200, {
    pageName: page?.name ?? null,
    pageUrl: deps.pageUrl,
    locale,
    title: words.sent.title,
    mark: "question",
    wide: true,
    children: (
      <>
        {items.length === 0 ? <p>{words.sent.none}</p> : null}
        {next === null ? null : <p>{words.sent.limit}</p>}
        <ul class="rows">
          {items.map((delivery) => {
            const update = updates.get(delivery.updateId);
            const told = [
              ...(update === undefined ? [] : [stringsOf(locale).statuses[update.status]]),
              times.format(delivery.committedAt),
              words.sent.states[delivery.state],
            ];
            return (
              <li key={delivery.updateId}>
                <b dir="auto">{update === undefined ? words.sent.unknown : oneLine(update.incidentName)}</b>
                {told.join(" · ")}
              </li>
            );
          })}
        </ul>
        <p class="foot">
          <a href={path}>{words.sent.back}</a>
        </p>
      </>
    ),
  });
}

/** The updates behind deliveries, by id: one query for each incident. */
async function updatesOf(
  { status }: PeopleDeps,
  pageId: string,
  deliveries: readonly Delivery[],
): Promise<Map<string, Update>> {
  const ids = new Set(deliveries.flatMap(({ subject }) => (subject.kind === "incident" ? [subject.id] : [])));
  const lists = await inParallel([...ids], READS_AT_ONCE, (id) => status.listUpdates(pageId, id));
  return new Map(lists.flat().map((update) => [update.id, update]));
}
