import { accepted, type Invitation, openInvitation } from "../../core/invitation.ts";
import type { EmailSubscriber, SmsSubscriber } from "../../core/subscriber.ts";
import { changeSubscriber } from "../../subscriptions/change-subscriber.ts";
import type { PeopleDeps } from "./people-deps.ts";

/**
 * Carries out an invitation, now that the holder of the address agrees. False: they have left since, or it was used.
 */
export async function acceptInvitation(
  deps: { subscribers: Pick<PeopleDeps["subscribers"], "replace" | "forgetInvitations"> },
  subscriber: EmailSubscriber | SmsSubscriber,
  invitation: Invitation,
  now: number,
): Promise<boolean> {
  const { pageId, channel, id } = subscriber;
  const changed = await changeSubscriber(deps, subscriber, (present) =>
    openInvitation(present, [invitation], invitation.hash, now) === null ? null : accepted(present, invitation, now),
  );
  switch (changed.outcome) {
    case "changed":
      // The other invitations are over too, no matter who asked for them. If this line is not reached, they are no
      // longer open anyway.
      await deps.subscribers.forgetInvitations(pageId, channel, id);
      return true;
    case "kept":
      // The button was pressed twice at the same moment.
      return changed.subscriber.state === "active" && changed.subscriber.confirmTokenHash === invitation.hash;
    case "missing":
      return false;
    case "contended":
      throw new Error(`subscriber ${id} kept changing while they confirmed`);
  }
}
