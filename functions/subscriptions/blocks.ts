import { mailboxOf } from "../core/mailbox.ts";
import { addressMac, type SigningKey } from "../core/signature.ts";
import type { BlockReason, Channel } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

type BlockDeps<Calls extends "block" | "blockOf" | "unblock"> = { subscribers: Pick<SubscriberStore, Calls> };

/** What an address is blocked under: itself, as operators know it, and the mailbox behind it, so that a tag is no way round. */
function macsOf(key: SigningKey, channel: Channel, address: string): [string, string] {
  const mailbox = channel === "email" ? mailboxOf(address) : address;
  return [addressMac(key, channel, address), addressMac(key, channel, mailbox)];
}

/** Why nothing is to be sent to an address (as `addressOf` tells it), whoever asks; null: nothing stands against it. */
export async function blockOf(
  { subscribers }: BlockDeps<"blockOf">,
  key: SigningKey,
  pageId: string,
  channel: Channel,
  address: string,
): Promise<BlockReason | null> {
  const macs = [...new Set(macsOf(key, channel, address))];
  const [own, mailbox] = await Promise.all(macs.map((mac) => subscribers.blockOf(pageId, channel, mac)));
  return own ?? mailbox ?? null;
}

export async function block(
  { subscribers }: BlockDeps<"block">,
  key: SigningKey,
  pageId: string,
  channel: Channel,
  address: string,
  reason: BlockReason,
  now: number,
): Promise<void> {
  const macs = new Set(macsOf(key, channel, address));
  await Promise.all([...macs].map((mac) => subscribers.block(pageId, channel, mac, reason, now)));
}

/** Confirmed by a link that was mailed to it, an address works again, whatever bounced before. */
export async function forgetBounce(
  deps: BlockDeps<"blockOf" | "unblock">,
  key: SigningKey,
  pageId: string,
  channel: Channel,
  address: string,
): Promise<void> {
  if ((await blockOf(deps, key, pageId, channel, address)) !== "bounce") return;
  const macs = new Set(macsOf(key, channel, address));
  await Promise.all([...macs].map((mac) => deps.subscribers.unblock(pageId, channel, mac)));
}
