import type { Clock } from "../core/clock.ts";
import { hashPosition, scaleToAll } from "../core/ids.ts";
import type { Channel, Subscriber } from "../core/subscriber.ts";
import type { ListPage } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

const SUBSCRIBERS_PER_PAGE = 1_000;
/**
 * Beyond this many the counts are scaled: positions are hashes, so the first 20,000 are a fair sample (within 1 % or
 * so).
 */
const MOST_READ = 20_000;

interface SampleDeps {
  subscribers: Pick<SubscriberStore, "list">;
  clock: Clock;
}

export interface Sample {
  isEstimate: boolean;
  /** Scales a count of those looked at to all there are. */
  toAll: (count: number) => number;
}

/** Looks at the subscribers of a channel in any state: all of them, or as many as there is time for until `until`. */
export async function sample(
  { subscribers, clock }: SampleDeps,
  subject: { pageId: string; channel: Channel; until: number },
  look: (subscriber: Subscriber) => void,
): Promise<Sample> {
  let read = 0;
  let last: Subscriber | undefined;
  let cursor: string | null = null;
  do {
    const page: ListPage<Subscriber> = await subscribers.list(
      subject.pageId,
      subject.channel,
      SUBSCRIBERS_PER_PAGE,
      cursor,
    );
    for (const subscriber of page.items) look(subscriber);
    read += page.items.length;
    last = page.items.at(-1) ?? last;
    cursor = page.next;
  } while (cursor !== null && read < MOST_READ && clock() < subject.until);
  if (cursor === null || last === undefined) return { isEstimate: false, toAll: (count) => count };
  const reached = hashPosition(last.id);
  return { isEstimate: true, toAll: (count) => scaleToAll(count, reached) };
}
