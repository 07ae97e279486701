import { addressMac } from "../core/address-mac.ts";
import { mailboxOf } from "../core/mailbox.ts";
import type { SigningKey } from "../core/signing-key.ts";
import type { Address, BlockReason, Channel } from "../core/subscriber.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

type BlockDeps<Calls extends "block" | "blockOf" | "unblock"> = { subscribers: Pick<SubscriberStore, Calls> };

/**
 * The MACs that an address is blocked under: the address itself, as operators know it, and the mailbox behind it, so
 * that a tag is no way round.
 */
function macsOf(key: SigningKey, { channel, address }: Address): string[] {
  const addresses = new Set([address, channel === "email" ? mailboxOf(address) : address]);
  return [...addresses].map((each) => addressMac(key, channel, each));
}

/**
 * Why nothing may be sent to an address, no matter who asks; null: nothing stands against it. A confirmation undoes a
 * bounce, so `bounce` is returned only if there is no other reason.
 */
export async function blockOf(
  { subscribers }: BlockDeps<"blockOf">,
  key: SigningKey,
  address: Address,
): Promise<BlockReason | null> {
  const { pageId, channel } = address;
  const found = await Promise.all(macsOf(key, address).map((mac) => subscribers.blockOf(pageId, channel, mac)));
  return (
    found.find((reason) => reason !== null && reason !== "bounce") ?? found.find((reason) => reason !== null) ?? null
  );
}

/** Returns the part that is new, which `takeBack` undoes. */
export async function block(
  { subscribers }: BlockDeps<"block">,
  key: SigningKey,
  address: Address,
  reason: BlockReason,
  now: number,
): Promise<NewBlock> {
  const { pageId, channel } = address;
  const blocked = await Promise.all(
    macsOf(key, address).map(async (mac) => ({
      mac,
      before: await subscribers.block(pageId, channel, mac, reason, now),
    })),
  );
  return { pageId, channel, reason, macs: blocked.filter(({ before }) => before === null).map(({ mac }) => mac) };
}

/** The part of a block that had not been there before. */
export interface NewBlock {
  pageId: string;
  channel: Channel;
  reason: BlockReason;
  macs: string[];
}

export async function takeBack(
  { subscribers }: BlockDeps<"unblock">,
  { pageId, channel, reason, macs }: NewBlock,
): Promise<void> {
  await Promise.all(macs.map((mac) => subscribers.unblock(pageId, channel, mac, reason)));
}

/** Once a link mailed to it confirms an address, it works again, whatever bounced before. */
export async function forgetBounce(
  { subscribers }: BlockDeps<"blockOf" | "unblock">,
  key: SigningKey,
  address: Address,
): Promise<void> {
  const { pageId, channel } = address;
  await Promise.all(
    macsOf(key, address).map(async (mac) => {
      if ((await subscribers.blockOf(pageId, channel, mac)) !== "bounce") return;
      await subscribers.unblock(pageId, channel, mac, "bounce");
    }),
  );
}
