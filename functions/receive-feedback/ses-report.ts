import * as z from "zod/mini";
import type { Feedback, Report } from "../core/feedback.ts";
import { idSchema } from "../core/ids.ts";
import { normalizeEmail } from "../core/subscriber.ts";

/**
 * What SES publishes about a mail ("Contents of event data that Amazon SES publishes to Amazon SNS"), as far as it is
 * used. Tags are lists, because SES adds its own; ours have one value each.
 */
const tag = <S extends z.ZodMiniType>(value: S) => z.tuple([value]);
const mailSchema = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  messageId: z.string(),
  destination: z.array(z.string()),
  tags: z.object({
    /** Missing if somebody else sends with the same configuration set. */
    page: z.optional(tag(idSchema)),
    subscriber: z.optional(tag(idSchema)),
    /** Letters have neither. */
    incident: z.optional(tag(idSchema)),
    seq: z.optional(tag(z.string().check(z.regex(/^\d{1,9}$/)))),
  }),
});
const bounceSchema = z.object({
  bounceType: z.enum(["Permanent", "Transient", "Undetermined"]),
  bounceSubType: z.string(),
  timestamp: z.iso.datetime({ offset: true }),
  /** `action` comes from the delivery status notification (RFC 3464), if there was one. */
  bouncedRecipients: z.array(z.object({ action: z.optional(z.string()) })),
});
const complaintSchema = z.object({
  timestamp: z.iso.datetime({ offset: true }),
  /** `abuse`, `not-spam` and others (RFC 5965); no provider has to say. */
  complaintFeedbackType: z.optional(z.nullable(z.string())),
  complaintSubType: z.optional(z.nullable(z.string())),
});
const reportSchema = z.discriminatedUnion("eventType", [
  z.object({ eventType: z.literal("Bounce"), mail: mailSchema, bounce: bounceSchema }),
  z.object({ eventType: z.literal("Complaint"), mail: mailSchema, complaint: complaintSchema }),
]);

/** What SES publishes once when it gets the topic: no JSON. */
const TOPIC_IS_VALID = /^Successfully validated SNS topic/;

export type ReadOutcome = { outcome: "feedback"; feedback: Feedback } | { outcome: "nothing"; why: string };

/** Reads what came through the topic, raw. Throws if it is not of the form that SES documents. */
export function readReport(body: string): ReadOutcome {
  if (TOPIC_IS_VALID.test(body)) return { outcome: "nothing", why: "the topic is valid" };
  const parsed = reportSchema.parse(JSON.parse(body));
  const mail = mailOf(parsed.mail);
  if (mail === null) return { outcome: "nothing", why: "no mail of ours" };
  const read = "bounce" in parsed ? bounceReport(parsed.bounce) : complaintReport(parsed.complaint);
  return "why" in read
    ? { outcome: "nothing", why: read.why }
    : { outcome: "feedback", feedback: { ...mail, ...read } };
}

type Read = Pick<Feedback, "at" | "report"> | { why: string };

function bounceReport({ bounceType, bounceSubType, timestamp, bouncedRecipients }: z.infer<typeof bounceSchema>): Read {
  const at = Date.parse(timestamp);
  if (bounceType === "Permanent") return { at, report: { kind: "permanent bounce", subtype: bounceSubType } };
  // SES counts an answer from a machine ("out of office") as a bounce too. Without a notification that says that
  // delivery failed, the mail has most likely arrived.
  if (!bouncedRecipients.some(({ action }) => action === "failed")) return { why: "an automatic answer" };
  return { at, report: { kind: "transient bounce", subtype: bounceSubType } };
}

function complaintReport({ timestamp, ...complaint }: z.infer<typeof complaintSchema>): Read {
  // Somebody moved a mail out of the spam folder.
  if (complaint.complaintFeedbackType === "not-spam") return { why: "no complaint: it is not spam" };
  const report: Report = { kind: "complaint", unsent: complaint.complaintSubType === "OnAccountSuppressionList" };
  return { at: Date.parse(timestamp), report };
}

/**
 * Our mails have one recipient each. A forwarding mailbox may bounce under another address, so the report's own
 * recipient does not count.
 */
function mailOf({ tags, ...mail }: z.infer<typeof mailSchema>): Omit<Feedback, "at" | "report"> | null {
  const [address] = mail.destination;
  if (address === undefined || tags.page === undefined || tags.subscriber === undefined) return null;
  const { incident, seq } = tags;
  return {
    pageId: tags.page[0],
    subscriberId: tags.subscriber[0],
    update: incident === undefined || seq === undefined ? null : { incidentId: incident[0], seq: Number(seq[0]) },
    address: normalizeEmail(address),
    mailId: mail.messageId,
    sentAt: Date.parse(mail.timestamp),
  };
}
