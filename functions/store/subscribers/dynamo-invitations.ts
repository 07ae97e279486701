import { DeleteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { withInvitation } from "../../core/invitation.ts";
import type { Channel } from "../../core/subscriber.ts";
import { attemptThroughConflicts } from "../repeat.ts";
import { attempt, getItem, putOver, toKey } from "../table.ts";
import { invitationsExpireAt, invitationsItemSchema, invitationsKey } from "./subscriber-items.ts";
import type { SubscriberStore } from "./subscriber-store.ts";

type InvitationCalls = Pick<SubscriberStore, "invite" | "invitationsOf" | "forgetInvitations">;

/** A try fails only when somebody else's succeeds. */
const TRIES = 8;

/** The part of the subscribers store that keeps what people asked for in the name of an address. */
export function dynamoInvitations(
  client: DynamoDBClient,
  table: string,
  keepLonger: (pageId: string, channel: Channel, subscriberId: string, now: number) => Promise<void>,
): InvitationCalls {
  async function read(pageId: string, channel: Channel, subscriberId: string) {
    const item = await getItem(client, table, invitationsKey(pageId, channel, subscriberId));
    return item === null ? { version: 0, invitations: [] } : invitationsItemSchema.parse(item);
  }

  return {
    async invite(pageId, channel, subscriberId, invitation, now) {
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const { version, invitations } = await read(pageId, channel, subscriberId);
        const next = withInvitation(invitations, invitation, now);
        const item = {
          ...invitationsKey(pageId, channel, subscriberId),
          invitations: next,
          version: version + 1,
          expiresAt: invitationsExpireAt(next),
        };
        const { refusal } = await attemptThroughConflicts(() => client.send(putOver(table, item, version)));
        if (refusal === null) return keepLonger(pageId, channel, subscriberId, now);
      }
      throw new Error(`the invitations of subscriber ${subscriberId} kept changing`);
    },

    async invitationsOf(pageId, channel, subscriberId) {
      return (await read(pageId, channel, subscriberId)).invitations;
    },

    async forgetInvitations(pageId, channel, subscriberId) {
      const key = toKey(invitationsKey(pageId, channel, subscriberId));
      await attempt(() => client.send(new DeleteItemCommand({ TableName: table, Key: key })));
    },
  };
}
