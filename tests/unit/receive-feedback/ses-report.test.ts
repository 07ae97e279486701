import { describe, expect, it } from "vitest";
import { readReport } from "../../../functions/receive-feedback/ses-report.ts";
import { bounceReport, complaintReport } from "../../fixtures/ses-reports.ts";

const SENT = Date.UTC(2026, 10, 24, 12);
const AT = SENT + 2_000;
const mail = {
  page: "page00000000",
  subscriber: "subscriber00",
  incident: "incident0000",
  seq: 12,
  to: "Anna@Example.com",
  messageId: "0100-abc-000000",
  sentAt: SENT,
};
const read = {
  pageId: "page00000000",
  subscriberId: "subscriber00",
  update: { incidentId: "incident0000", seq: 12 },
  address: "anna@example.com",
  mailId: "0100-abc-000000",
  sentAt: SENT,
  at: AT,
};
const feedback = (report: object, changes: object = {}) => ({
  outcome: "feedback",
  feedback: { ...read, ...changes, report },
});

describe("a report of SES", () => {
  it.each(["General", "NoEmail", "Suppressed", "OnAccountSuppressionList"])("of a permanent bounce: %s", (subtype) => {
    const body = bounceReport(mail, AT, { type: "Permanent", subtype });
    expect(readReport(body)).toEqual(feedback({ kind: "permanent bounce", subtype }));
  });

  it.each([
    ["Transient", "MailboxFull"],
    ["Transient", "General"],
    ["Undetermined", "Undetermined"],
  ])("of a bounce that may pass: %s, %s", (type, subtype) => {
    const body = bounceReport(mail, AT, { type, subtype });
    expect(readReport(body)).toEqual(feedback({ kind: "transient bounce", subtype }));
  });

  it.each([
    ["Transient", [{ emailAddress: "anna@example.com" }]],
    ["Undetermined", []],
    ["Transient", [{ emailAddress: "anna@example.com", action: "delayed", status: "4.4.1" }]],
  ])("of a machine's answer, which SES takes for a bounce: %s %j", (type, recipients) => {
    const body = bounceReport(mail, AT, { type, subtype: "General", recipients });
    expect(readReport(body)).toEqual({ outcome: "nothing", why: "an automatic answer" });
  });

  it("of a complaint, whether or not the mail was sent", () => {
    expect(readReport(complaintReport(mail, AT))).toEqual(feedback({ kind: "complaint", unsent: false }));
    const unsent = { complaintSubType: "OnAccountSuppressionList", complaintFeedbackType: undefined };
    expect(readReport(complaintReport(mail, AT, unsent))).toEqual(feedback({ kind: "complaint", unsent: true }));
  });

  it("that a mail is no spam is no complaint", () => {
    expect(readReport(complaintReport(mail, AT, { complaintFeedbackType: "not-spam" }))).toMatchObject({
      outcome: "nothing",
    });
  });

  it("on a letter belongs to no update", () => {
    const { incident: _, seq: __, ...letter } = mail;
    const body = bounceReport(letter, AT, { type: "Permanent", subtype: "General" });
    expect(readReport(body)).toMatchObject({ feedback: { subscriberId: "subscriber00", update: null } });
  });

  it("that the topic is valid, and one on mail without our tags, say nothing", () => {
    const valid = "Successfully validated SNS topic for Amazon SES event publishing.";
    expect(readReport(valid)).toMatchObject({ outcome: "nothing" });
    const foreign = bounceReport(mail, AT, { type: "Permanent", subtype: "General" })
      .replace('"page":', '"campaign":')
      .replace('"subscriber":', '"customer":');
    expect(readReport(foreign)).toEqual({ outcome: "nothing", why: "no mail of ours" });
  });

  it.each([
    ["no JSON", "{"],
    ["another type", '{"eventType":"Open"}'],
    ["no time", bounceReport(mail, AT, { type: "Permanent", subtype: "General" }).replaceAll('"timestamp"', '"when"')],
    ["an id of another form", bounceReport({ ...mail, page: "Page" }, AT, { type: "Permanent", subtype: "General" })],
  ])("of another form is refused: %s", (_, body) => {
    expect(() => readReport(body)).toThrow();
  });
});
