import * as z from "zod/mini";
import { chunkKeySchema, chunkRefSchema } from "./chunk.ts";
import type { Random } from "./clock.ts";
import type { Delivery } from "./delivery.ts";
import { idSchema, newId } from "./ids.ts";
import { invitationSchema } from "./invitation.ts";
import { letterSchema } from "./letter.ts";
import { letterCauseSchema } from "./permit.ts";
import { probeKindSchema } from "./subject.ts";
import { channelSchema, type Subscriber } from "./subscriber.ts";

/** On the FIFO queues: one chunk. No address is in it. */
const chunkWorkSchema = z.extend(chunkKeySchema, { kind: z.literal("chunk"), resend: z.number() });
export type ChunkWork = z.infer<typeof chunkWorkSchema>;

/** One delivery whose next attempt is due: email and SMS on the chunk's FIFO group, webhooks on their retry queue. */
const retryWorkSchema = z.extend(chunkRefSchema, {
  kind: z.literal("retry"),
  subscriberId: idSchema,
  /**
   * Attempts made when it was queued. They are part of the deduplication id, and show whether a copy is late or due.
   */
  attempts: z.number(),
  /**
   * When sweep queued it; absent if a sender did. Sweep may have to queue the same attempt again within five minutes.
   */
  queuedAt: z.optional(z.number()),
});
export type RetryWork = z.infer<typeof retryWorkSchema>;

/** The next attempt of a delivery. `queuedAt`: see above. Throws for a probe: it is never open, and not sent again. */
export function retryWorkOf(delivery: Delivery, queuedAt?: number): RetryWork {
  const { pageId, subject, updateId, seq, channel, chunk, subscriberId, attempts } = delivery;
  if (subject.kind === "endpoint") throw new Error(`probe ${subject.id} is not to be retried`);
  const work = { kind: "retry", pageId, subject, updateId, seq, channel, chunk, subscriberId, attempts } as const;
  return queuedAt === undefined ? work : { ...work, queuedAt };
}

/**
 * On the letters' queue: mail that belongs to no update, rendered by the one who asks for it (senders render nothing).
 */
export const letterWorkSchema = z.object({
  kind: z.literal("letter"),
  pageId: idSchema,
  channel: channelSchema,
  subscriberId: idSchema,
  /** The same however often the queue brings it: its permit is found by this. */
  letterId: idSchema,
  cause: letterCauseSchema,
  letter: letterSchema,
  /** The whole mail. Its token is stored only as a hash, if at all, so it must travel with the work. */
  raw: z.string(),
  /** Since when it waits because of us: a quota, a lapsed identity. */
  heldSince: z.optional(z.number()),
});
export type LetterWork = z.infer<typeof letterWorkSchema>;

/** A new letter for a subscriber. */
export function letterWork(
  { pageId, channel, id: subscriberId }: Pick<Subscriber, "pageId" | "channel" | "id">,
  content: Pick<LetterWork, "cause" | "letter" | "raw">,
  random: Random,
): LetterWork {
  return { kind: "letter", pageId, channel, subscriberId, letterId: newId(random), ...content };
}

/**
 * On the probes' queue: a request that is no update but tries the endpoint out. The one who asks renders the body,
 * because senders render nothing.
 */
export const probeWorkSchema = z.object({
  kind: z.literal("probe"),
  pageId: idSchema,
  channel: z.literal("webhook"),
  subscriberId: idSchema,
  /** Names it in the subscriber's deliveries. Its webhook-id derives from this. */
  probeId: idSchema,
  probe: probeKindSchema,
  askedAt: z.number(),
  body: z.string(),
  /** What the endpoint must repeat in its answer, if it is a challenge. */
  echo: z.nullable(z.string()),
  /**
   * For a chat's first post: the hash of the token in its letter. If another one is stored, the chat was registered
   * anew.
   */
  confirmTokenHash: z.optional(z.string()),
  /** For a chat's first post: the letter that is mailed once the post has arrived, never before. */
  letter: z.optional(letterWorkSchema),
  /** Tries made before this one. */
  tries: z.number(),
});
export type ProbeWork = z.infer<typeof probeWorkSchema>;

/** On the queue of SMS that belong to no update. It is for SMS what the letters' queue is for mail. */
const smsLetterWorkSchema = z.object({
  kind: z.literal("sms letter"),
  pageId: idSchema,
  subscriberId: idSchema,
  /** `code`: for somebody who has not confirmed yet. `nothing`: for nobody, as with letters. */
  about: z.enum(["code", "manage link", "nothing"]),
  /** For a code: kept once it is permitted. */
  invitation: z.optional(invitationSchema),
  letterId: idSchema,
  cause: letterCauseSchema,
  /** One segment. */
  text: z.string(),
  /** After that it is of no use. */
  endsAt: z.number(),
});
export type SmsLetterWork = z.infer<typeof smsLetterWorkSchema>;

/** A new SMS for a subscriber. */
export function smsLetterWork(
  { pageId, id: subscriberId }: Pick<Subscriber, "pageId" | "id">,
  content: Pick<SmsLetterWork, "about" | "invitation" | "cause" | "text" | "endsAt">,
  random: Random,
): SmsLetterWork {
  return { kind: "sms letter", pageId, subscriberId, letterId: newId(random), ...content };
}

/** What every sender does: its channel's chunks, and the retries of their deliveries. */
export const sendWorkSchema = z.discriminatedUnion("kind", [chunkWorkSchema, retryWorkSchema]);
export type SendWork = z.infer<typeof sendWorkSchema>;

/** What wakes send-email: its FIFO queue and the letters' queue. */
export const emailWorkSchema = z.discriminatedUnion("kind", [chunkWorkSchema, retryWorkSchema, letterWorkSchema]);
export type EmailWork = z.infer<typeof emailWorkSchema>;

/** What wakes send-sms: its FIFO queue and the queue of SMS letters. */
export const smsWorkSchema = z.discriminatedUnion("kind", [chunkWorkSchema, retryWorkSchema, smsLetterWorkSchema]);
export type SmsWork = z.infer<typeof smsWorkSchema>;

/** What wakes send-webhook: its FIFO queue, its retries' queue and the probes' queue. */
export const webhookWorkSchema = z.discriminatedUnion("kind", [chunkWorkSchema, retryWorkSchema, probeWorkSchema]);
export type WebhookWork = z.infer<typeof webhookWorkSchema>;

/** On the planning queue: a notice that the stream missed. It was the first kind there, and names none. */
const planWorkSchema = z.object({
  kind: z.optional(z.undefined()),
  pageId: idSchema,
  updateId: idSchema,
});
export type PlanWork = z.infer<typeof planWorkSchema>;

/**
 * On the planning queue too, because senders render nothing: an endpoint in quarantine, for the mail to its contact.
 */
const quarantineWorkSchema = z.object({
  kind: z.literal("quarantine"),
  pageId: idSchema,
  subscriberId: idSchema,
  /** The endpoint has accepted nothing since. */
  failingSince: z.number(),
  /** How the last attempt ended. */
  reason: z.string(),
});
export type QuarantineWork = z.infer<typeof quarantineWorkSchema>;

/**
 * Later on the same queue: the mail about all of a contact's endpoints in quarantine, once an hour has gathered them.
 */
const digestWorkSchema = z.object({
  kind: z.literal("digest"),
  pageId: idSchema,
  /** Names the contact's mailbox without giving it away. */
  mac: z.string(),
  dueAt: z.number(),
});
export type DigestWork = z.infer<typeof digestWorkSchema>;

export const planningWorkSchema = z.discriminatedUnion("kind", [
  planWorkSchema,
  quarantineWorkSchema,
  digestWorkSchema,
]);
export type PlanningWork = z.infer<typeof planningWorkSchema>;

/** On the publishing queue: a page whose files are behind. */
export const publishWorkSchema = z.object({ pageId: idSchema });
export type PublishWork = z.infer<typeof publishWorkSchema>;

/**
 * Reads a body where it leaves its queue; everything behind gets typed work. Throws for what the queue does not hold: it
 * is not acknowledged, and ends in the dead-letter queue where somebody sees it.
 */
export function readWork<S extends z.ZodMiniType>(schema: S, body: string): z.output<S> {
  return schema.parse(JSON.parse(body));
}

/** FIFO message group: one subject's chunk. Its updates are sent in order, and others do not wait. */
export function chunkGroup(work: Pick<ChunkWork, "pageId" | "subject" | "channel" | "chunk">): string {
  return `${work.pageId}-${work.subject.id}-${work.channel}-${work.chunk}`;
}

/** SQS accepts and drops a repeated deduplication id for five minutes: hence the resend number, the attempts and the time. */
export function deduplicationId(work: ChunkWork | RetryWork): string {
  const chunk = `${work.updateId}-${work.channel}-${work.chunk}`;
  return work.kind === "chunk"
    ? `${chunk}-r${work.resend}`
    : `${chunk}-${work.subscriberId}-a${work.attempts}-q${work.queuedAt ?? 0}`;
}
