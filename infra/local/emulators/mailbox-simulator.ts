import { randomUUID } from "node:crypto";
import { ACCOUNT, REGION } from "../account.ts";

/** A mail as SES accepted it. */
export interface TakenMail {
  id: string;
  to: string;
  source: string;
  configurationSet: string;
  tags: Readonly<Record<string, string>>;
  at: number;
}

export type FeedbackType = "bounce" | "complaint";
export interface SimulatedFeedback {
  type: FeedbackType;
  /** As SES publishes it to a topic. */
  report: object;
}

const SIMULATOR = /^([a-z]+)(?:\+[^@]*)?@simulator\.amazonses\.com$/i;

/**
 * The feedback about a mail to SES's mailbox simulator (developer guide, "Using the mailbox simulator"): bounce@,
 * ooto@, complaint@ and suppressionlist@, each with any +label. Null for success@ and all other addresses. The forms
 * are those of "Examples of event data that Amazon SES publishes to Amazon SNS", with the contents of real reports from
 * the simulator.
 */
export function feedbackOn(mail: TakenMail, reportedAt: number): SimulatedFeedback | null {
  const [, mailbox = ""] = SIMULATOR.exec(mail.to) ?? [];
  const timestamp = new Date(reportedAt).toISOString();
  switch (mailbox.toLowerCase()) {
    case "bounce":
      return bounce(mail, timestamp, {
        bounceType: "Permanent",
        bounceSubType: "General",
        bouncedRecipients: [failed(mail.to, "smtp; 550 5.1.1 user unknown")],
        reportingMTA: "dsn; a8-50.smtp-out.amazonses.com",
      });
    case "suppressionlist":
      return bounce(mail, timestamp, {
        bounceType: "Permanent",
        bounceSubType: "OnAccountSuppressionList",
        bouncedRecipients: [
          failed(
            mail.to,
            "Amazon SES did not send the message to this address because it is on the suppression list for your account.",
          ),
        ],
        reportingMTA: "dns; amazonses.com",
      });
    case "ooto":
      // An answer from a machine: no delivery status notification, so neither action nor status.
      return bounce(mail, timestamp, {
        bounceType: "Transient",
        bounceSubType: "General",
        bouncedRecipients: [{ emailAddress: mail.to }],
      });
    case "complaint":
      return {
        type: "complaint",
        report: {
          eventType: "Complaint",
          complaint: {
            feedbackId: feedbackId(),
            complaintSubType: null,
            complainedRecipients: [{ emailAddress: mail.to }],
            timestamp,
            userAgent: "Amazon SES Mailbox Simulator",
            complaintFeedbackType: "abuse",
            arrivalDate: timestamp,
          },
          mail: mailObject(mail),
        },
      };
    default:
      return null;
  }
}

function bounce(mail: TakenMail, timestamp: string, fields: object): SimulatedFeedback {
  return {
    type: "bounce",
    report: {
      eventType: "Bounce",
      bounce: { feedbackId: feedbackId(), ...fields, timestamp },
      mail: mailObject(mail),
    },
  };
}

function failed(emailAddress: string, diagnosticCode: string): object {
  return { emailAddress, action: "failed", status: "5.1.1", diagnosticCode };
}

function feedbackId(): string {
  return `${randomUUID()}-000000`;
}

/** Every tag is a list, and SES adds its own. */
function mailObject({ id, to, source, configurationSet, tags, at }: TakenMail): object {
  const own = Object.entries(tags).map(([name, value]) => [name, [value]]);
  return {
    timestamp: new Date(at).toISOString(),
    source,
    sourceArn: `arn:aws:ses:${REGION}:${ACCOUNT}:identity/${source}`,
    sendingAccountId: ACCOUNT,
    messageId: id,
    destination: [to],
    headersTruncated: false,
    headers: [],
    commonHeaders: { from: [source], to: [to], messageId: id },
    tags: {
      "ses:operation": ["SendRawEmail"],
      "ses:configuration-set": [configurationSet],
      "ses:source-ip": ["127.0.0.1"],
      "ses:from-domain": [source.slice(source.lastIndexOf("@") + 1)],
      "ses:caller-identity": ["send-email"],
      ...Object.fromEntries(own),
    },
  };
}
