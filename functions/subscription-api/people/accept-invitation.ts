import { accepted, type Invitation, openInvitation } from "../../core/invitation.ts";
import type { EmailSubscriber, SmsSubscriber } from "../../core/subscriber.ts";
import type { PeopleDeps } from "./people-deps.ts";

/** Somebody else changed the subscriber at the same moment: a new invitation beside this one, above all. */
const TRIES = 4;

/** What was asked for comes true, now that the holder of the address says so. False: they have left since, or it was used. */
export async function acceptInvitation(
  { subscribers }: { subscribers: Pick<PeopleDeps["subscribers"], "replace" | "forgetInvitations"> },
  subscriber: EmailSubscriber | SmsSubscriber,
  invitation: Invitation,
  now: number,
): Promise<boolean> {
  const { pageId, channel, id } = subscriber;
  let read: EmailSubscriber | SmsSubscriber = subscriber;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const changed = await subscribers.replace(read, accepted(read, invitation, now));
    if (changed.outcome === "changed") {
      // The others are over too, whoever asked for them; they are no longer open if this is not reached.
      await subscribers.forgetInvitations(pageId, channel, id);
      return true;
    }
    if (changed.outcome === "missing" || changed.subscriber.channel === "webhook") return false;
    read = changed.subscriber;
    // Pressed twice at the same moment.
    if (read.state === "active") return read.confirmTokenHash === invitation.hash;
    if (openInvitation(read, [invitation], invitation.hash, now) === null) return false;
  }
  throw new Error(`subscriber ${id} kept changing while they confirmed`);
}
