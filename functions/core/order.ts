import { audienceAsOf, isToBeSent, type Telling } from "./audience.ts";
import type { Chunk } from "./chunk.ts";
import { audienceOf } from "./delivery.ts";
import type { Subscriber } from "./subscriber.ts";

/**
 * A later update of the incident (or change of the component), and whether the subscriber's chunk of it has begun to
 * send.
 */
export interface LaterUpdate {
  update: Telling;
  started: boolean;
}

/**
 * The later update that supersedes an unsent one for this subscriber: the newest that they are to be sent. For email
 * and SMS the latest wins as soon as it is committed. A webhook gets every update, unless the later one has already
 * begun, because nothing may start after something newer has.
 */
export function supersededBy(subscriber: Subscriber, later: readonly LaterUpdate[]): Telling | null {
  const overtaking = later.filter(
    ({ update, started }) =>
      (started || subscriber.channel !== "webhook") && isToBeSent(update, subscriber, audienceAsOf(update.createdAt)),
  );
  return overtaking.reduce<Telling | null>(
    (newest, { update }) => (newest === null || update.seq > newest.seq ? update : newest),
    null,
  );
}

/** Whether anything of the chunk may have been sent. One that was only claimed and given back has not begun. */
export function hasStarted(chunk: Chunk): boolean {
  return chunk.state !== "queued" || chunk.window.length > 0 || chunk.cursor !== null || audienceOf(chunk.counts) > 0;
}
