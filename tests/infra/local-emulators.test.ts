import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { GetSendQuotaCommand, SESClient, SendRawEmailCommand } from "@aws-sdk/client-ses";
import { CreateTopicCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it, vi } from "vitest";
import { sesMail } from "../../functions/providers/mail.ts";
import { snsOptOuts, snsSms } from "../../functions/providers/sms.ts";
import { readReport } from "../../functions/receive-feedback/ses-report.ts";
import { startFauxqs } from "../../infra/local/emulators/fauxqs.ts";
import { type FeedbackDestination, startMailFront } from "../../infra/local/emulators/mail-front.ts";
import { serveMailbox } from "../../infra/local/emulators/mailbox-server.ts";
import { openOutbox } from "../../infra/local/emulators/outbox.ts";
import { freePorts } from "../../infra/local/listen.ts";
import { clientsFor, sdkEnvironment } from "../../infra/local/services.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { until } from "../fixtures/progress.ts";

const NOON = Date.UTC(2025, 6, 7, 12, 0, 0, 5);

const later = afterTheTest();

async function anOutbox() {
  const folder = await temporaryFolder("emulators");
  later(folder.remove);
  const path = join(folder.path, "outbox.jsonl");
  const outbox = await openOutbox(path, () => NOON);
  later(outbox.close);
  return { outbox, path };
}

const rawMail = (subject: string) =>
  [
    "From: Page <status@example.com>",
    "To: Anna <anna@example.com>",
    `Subject: ${subject}`,
    "List-Id: <page.example.com>",
    "Content-Type: text/html; charset=utf-8",
    "",
    "<p>It <b>works</b> <script>alert(1)</script></p>",
    "",
  ].join("\r\n");

describe("the mail provider", () => {
  const start = async (perSecond: number) => {
    const { outbox } = await anOutbox();
    let now = NOON;
    const front = await startMailFront(outbox, { perSecond }, () => now);
    later(front.stop);
    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const ses = new SESClient({ endpoint: front.url, region: "eu-central-1", credentials, maxAttempts: 1 });
    const send = () =>
      ses.send(
        new SendRawEmailCommand({
          Destinations: ["anna@example.com"],
          RawMessage: { Data: Buffer.from(rawMail("Hello")) },
          Tags: [{ Name: "page", Value: "abc" }],
        }),
      );
    const wait = (ms: number) => {
      now += ms;
    };
    return { outbox, front, ses, send, wait };
  };

  it("keeps the email as it was sent, under the id that it answers", async () => {
    const { outbox, send } = await start(10);
    const { MessageId: id } = await send();
    expect(outbox.emails).toEqual([
      { id, to: "anna@example.com", at: "2025-07-07T12:00:00.005Z", raw: rawMail("Hello") },
    ]);
  });

  it("takes no more in any second than the rate, and says so as SES does", async () => {
    const { outbox, send, wait } = await start(2);
    await send();
    wait(600);
    await send();
    const throttled = { name: "Throttling", message: "Maximum sending rate exceeded." };
    await expect(send()).rejects.toMatchObject(throttled);
    wait(399);
    await expect(send()).rejects.toMatchObject(throttled);
    // The first is a second ago now; the second is not.
    wait(1);
    await send();
    await expect(send()).rejects.toMatchObject(throttled);
    expect(outbox.emails).toHaveLength(3);
  });

  it("enforces the daily quota, and tells what is left of it", async () => {
    const { front, ses, send, wait } = await start(10);
    front.setLimits({ per24Hours: 1 });
    await send();
    await expect(send()).rejects.toMatchObject({ name: "Throttling", message: "Daily message quota exceeded." });
    expect(await ses.send(new GetSendQuotaCommand())).toMatchObject({
      Max24HourSend: 1,
      MaxSendRate: 10,
      SentLast24Hours: 1,
    });
    wait(24 * 60 * 60 * 1000);
    await send();
  });
});

describe("an account with which something is wrong", () => {
  it("has its mail and its SMS refused, as the provider words it, until it is mended", async () => {
    const { outbox } = await anOutbox();
    const front = await startMailFront(outbox, { perSecond: 100 }, () => NOON);
    const fauxqs = await startFauxqs(outbox);
    later(front.stop);
    later(fauxqs.stop);
    later(async () => void vi.unstubAllEnvs());
    const environment = sdkEnvironment({ dynamodb: fauxqs.url, fauxqs: fauxqs.url, ses: front.url });
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const mail = () =>
      sesMail("set", "status@example.com").send({ to: "anna@example.com", raw: rawMail("Hello"), tags: {} });
    const sms = () => snsSms(0.15, null).send({ phone: "+4915112345678", country: "DE" }, "Down");
    front.refuse({
      status: 400,
      code: "MessageRejected",
      message:
        "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: status@example.com",
    });
    fauxqs.refuseSms({ status: 400, code: "UserError", message: "No quota left for account" });
    const ours = { outcome: "sender problem", reach: "everybody" };
    expect(await mail()).toEqual({ ...ours, reason: "sender identity not verified" });
    expect(await sms()).toEqual({ ...ours, reason: "SMS spending quota used up" });
    front.refuse(null);
    fauxqs.refuseSms(null);
    expect([(await mail()).outcome, (await sms()).outcome]).toEqual(["accepted", "accepted"]);
    expect([outbox.emails.length, outbox.sms.length]).toEqual([1, 1]);
  });
});

describe("the mailbox simulator", () => {
  /** Sends to each address and returns what came back through a topic and a queue, as the function would read it. */
  async function whatCameBack(addresses: readonly string[], types: FeedbackDestination["types"], expected: number) {
    const { outbox } = await anOutbox();
    const front = await startMailFront(outbox, { perSecond: 100 }, () => NOON, 5);
    later(front.stop);
    const fauxqs = await startFauxqs(outbox);
    later(fauxqs.stop);
    const { sns, sqs } = clientsFor({ dynamodb: fauxqs.url, fauxqs: fauxqs.url, ses: front.url });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "feedback" }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "feedback" }));
    const Endpoint = Attributes?.QueueArn;
    await sns.send(
      new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes: { RawMessageDelivery: "true" } }),
    );
    const publish = async (Message: string) => void (await sns.send(new PublishCommand({ TopicArn, Message })));
    front.addDestination({ configurationSet: "ours", types, publish });

    const credentials = { accessKeyId: "local", secretAccessKey: "local" };
    const ses = new SESClient({ endpoint: front.url, region: "eu-central-1", credentials, maxAttempts: 1 });
    const tags = { page: "page00000000", incident: "incident0000", seq: "12", subscriber: "subscriber00" };
    for (const to of addresses) {
      await ses.send(
        new SendRawEmailCommand({
          Source: "status@example.com",
          Destinations: [to],
          RawMessage: { Data: Buffer.from(rawMail("Hello")) },
          ConfigurationSetName: to.includes("+theirs") ? "theirs" : "ours",
          Tags: Object.entries(tags).map(([Name, Value]) => ({ Name, Value })),
        }),
      );
    }
    const bodies: string[] = [];
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
    await until(`report ${expected}`, async () => {
      const { Messages = [] } = await sqs.send(receive);
      bodies.push(...Messages.map(({ Body = "" }) => Body));
      return bodies.length >= expected;
    });
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    expect(Messages).toEqual([]);
    return { read: bodies.map(readReport), mails: outbox.emails };
  }

  it("reports what its mailboxes do, labelled or not, with the mail's id and tags", async () => {
    const mailboxes = ["bounce+1", "suppressionlist", "complaint+x.y", "ooto", "success"].map(
      (mailbox) => `${mailbox}@simulator.amazonses.com`,
    );
    const addresses = [...mailboxes, "bounce@example.com"];
    const { read, mails } = await whatCameBack(addresses, ["bounce", "complaint"], 4);
    const about = (index: number) => ({
      pageId: "page00000000",
      subscriberId: "subscriber00",
      update: { incidentId: "incident0000", seq: 12 },
      address: addresses[index],
      mailId: mails[index]?.id,
      sentAt: NOON,
      at: NOON + 5,
    });
    const reported = read.flatMap((one) => (one.outcome === "feedback" ? [one.feedback] : []));
    expect(new Map(reported.map((feedback) => [feedback.address, feedback]))).toEqual(
      new Map([
        [addresses[0], { ...about(0), report: { kind: "permanent bounce", subtype: "General" } }],
        [addresses[1], { ...about(1), report: { kind: "permanent bounce", subtype: "OnAccountSuppressionList" } }],
        [addresses[2], { ...about(2), report: { kind: "complaint", unsent: false } }],
      ]),
    );
    expect(read.filter(({ outcome }) => outcome === "nothing")).toEqual([
      { outcome: "nothing", why: "an automatic answer" },
    ]);
  });

  it("reports only what the destination asks for, and only of its configuration set", async () => {
    const { read } = await whatCameBack(
      ["bounce", "complaint+theirs", "complaint"].map((mailbox) => `${mailbox}@simulator.amazonses.com`),
      ["complaint"],
      1,
    );
    expect(read).toMatchObject([{ feedback: { address: "complaint@simulator.amazonses.com" } }]);
  });
});

describe("the outbox", () => {
  it("is the same after a restart, whatever a kill left of the last line", async () => {
    const { outbox, path } = await anOutbox();
    outbox.addEmail({ id: "1", to: "anna@example.com", raw: rawMail("Grüße") });
    outbox.addSms({ to: "+4915112345678", text: "Down" });
    await outbox.close();
    await writeFile(path, '{"kind":"sms","to":"+49', { flag: "a" });
    const again = await openOutbox(path, () => NOON);
    expect([again.emails, again.sms]).toEqual([outbox.emails, outbox.sms]);
    await again.close();
  });

  it("takes SMS that are published to a number, and leaves topics and files alone", async () => {
    const { outbox } = await anOutbox();
    const fauxqs = await startFauxqs(outbox);
    later(fauxqs.stop);
    const { sns, s3 } = clientsFor({ dynamodb: fauxqs.url, fauxqs: fauxqs.url, ses: fauxqs.url });
    const { MessageId } = await sns.send(new PublishCommand({ PhoneNumber: "+4915112345678", Message: "Down & up" }));
    expect(MessageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(outbox.sms).toEqual([{ to: "+4915112345678", at: "2025-07-07T12:00:00.005Z", text: "Down & up" }]);
    await expect(
      sns.send(new PublishCommand({ TopicArn: "arn:aws:sns:eu-central-1:000000000000:none", Message: "x" })),
    ).rejects.toMatchObject({ name: "NotFoundException" });
    await s3
      .send(new PutObjectCommand({ Bucket: "none", Key: "a b", Body: "x", CacheControl: "no-cache" }))
      .catch(() => {});
    expect(fauxqs.cacheControlOf("none", "a b")).toBe("no-cache");
  });

  it("lists numbers that end in 0000 as opted out once they got an SMS, a hundred a page, and takes no more for them", async () => {
    const { outbox } = await anOutbox();
    const fauxqs = await startFauxqs(outbox);
    later(fauxqs.stop);
    const urls = { dynamodb: fauxqs.url, fauxqs: fauxqs.url, ses: fauxqs.url };
    for (const [name, value] of Object.entries(sdkEnvironment(urls))) vi.stubEnv(name, value);
    later(async () => void vi.unstubAllEnvs());
    const [sms, optOuts] = [snsSms(0.15, null), snsOptOuts()];
    const to = (phone: string) => ({ phone, country: "DE" });
    expect(await optOuts.page(null)).toEqual({ phones: [], next: null });
    const stopping = Array.from({ length: 120 }, (_, index) => `+49151${String(index).padStart(4, "0")}0000`);
    for (const phone of ["+4915112345678", ...stopping]) {
      expect(await sms.send(to(phone), "Down")).toMatchObject({ outcome: "accepted" });
    }
    const first = await optOuts.page(null);
    expect(first.phones).toEqual(stopping.slice(0, 100));
    expect(await optOuts.page(first.next)).toEqual({ phones: stopping.slice(100), next: null });
    expect(await sms.send(to(stopping[0] ?? ""), "Up")).toEqual({ outcome: "gone", reason: "opted out" });
    expect(outbox.sms).toHaveLength(121);
  });

  it("is shown as JSON to scripts and as pages to people, with nothing of an email trusted", async () => {
    const { outbox } = await anOutbox();
    const [port = 0] = await freePorts(1);
    const log = { output: () => {}, problem: () => {}, close: async () => {} };
    later(await serveMailbox({ port, outbox, log }));
    const url = `http://127.0.0.1:${port}`;
    outbox.addEmail({ id: "m1", to: "anna@example.com", raw: rawMail("=?utf-8?q?Gr=C3=BC=C3=9Fe?= <img src=x>") });
    outbox.addSms({ to: "+49151", text: "<b>Down</b>" });

    const json = { emails: outbox.emails, sms: outbox.sms };
    expect(await (await fetch(`${url}/outbox`)).json()).toEqual(json);
    expect(await (await fetch(url, { headers: { accept: "application/json" } })).json()).toEqual(json);
    const list = await (await fetch(url, { headers: { accept: "text/html" } })).text();
    expect(list).toContain('<a class="what" href="/emails/m1">Grüße &lt;img src=x&gt;</a>');
    expect(list).toContain("&lt;b&gt;Down&lt;/b&gt;");
    const shown = await (await fetch(`${url}/emails/m1`)).text();
    expect(shown).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
    expect(shown).not.toContain("<script>alert(1)");
    expect((await fetch(`${url}/emails/m2`)).status).toBe(404);
  });
});
