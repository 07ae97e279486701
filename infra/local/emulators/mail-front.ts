import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { oneLine } from "../failure.ts";
import { closeServer, HOST, listen, portOf } from "../listen.ts";
import { admitOnly } from "../visitors.ts";
import { type FeedbackType, feedbackOn, type TakenMail } from "./mailbox-simulator.ts";
import type { Outbox } from "./outbox.ts";

/** SES's limits for an account. */
export interface MailLimits {
  perSecond: number;
  per24Hours: number;
}

/** What a provider answers to every call, because something is wrong with the account. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** Where SES publishes feedback about a configuration set's mail. */
export interface FeedbackDestination {
  configurationSet: string;
  types: readonly FeedbackType[];
  publish(text: string): Promise<void>;
}

export interface MailFront {
  url: string;
  /** From now on, feedback about mail to the mailbox simulator goes there too. */
  addDestination(destination: FeedbackDestination): void;
  /** In force for the next call. */
  setLimits(limits: Partial<MailLimits>): void;
  /** From now on every mail is refused: a lapsed identity, a paused account. Null: it is mended. */
  refuse(refusal: Refusal | null): void;
  stop(): Promise<void>;
}

// A CommonJS package with a default export. Node and Vitest import those differently; `require` gives the same in both.
const sesLocal: typeof import("aws-ses-v2-local") = createRequire(import.meta.url)("aws-ses-v2-local");

const WINDOW_MS = 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
// The emulator behind this keeps every email for ever; the outbox has them.
const FORGET_AFTER = 500;
/** By then the sender has recorded the mail. On AWS it may not have: a queue between them brings the report again. */
const FEEDBACK_AFTER_MS = 1000;
const NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/";

/**
 * SES's v1 API as far as the pipeline uses it. `SendRawEmail` goes on to aws-ses-v2-local once the account's rate (a
 * sliding second) and daily quota allow it, and into the outbox with all its headers, which the emulator drops.
 * `GetSendQuota` makes the emulator hang, so it is answered here.
 */
export async function startMailFront(
  outbox: Outbox,
  initial: Pick<MailLimits, "perSecond">,
  clock: () => number,
  feedbackAfterMs = FEEDBACK_AFTER_MS,
): Promise<MailFront> {
  const behind = await sesLocal.default({ host: HOST, port: 0 });
  admitOnly("programs", behind);
  const behindUrl = `http://${HOST}:${portOf(behind)}`;
  let limits: MailLimits = { perSecond: initial.perSecond, per24Hours: 50_000_000 };
  // In order; entries before `dayBegins` are older than a day.
  const acceptedAt: number[] = outbox.emails.map(({ at }) => Date.parse(at));
  let dayBegins = 0;
  let forwarded = 0;
  let refusal: Refusal | null = null;
  const destinations: FeedbackDestination[] = [];
  const waiting = new Set<NodeJS.Timeout>();

  const sentInADay = (now: number) => {
    while ((acceptedAt[dayBegins] ?? now) <= now - DAY_MS) dayBegins += 1;
    return acceptedAt.length - dayBegins;
  };
  const rateIsUsedUp = (now: number) => {
    const earliest = acceptedAt.at(-limits.perSecond);
    return earliest !== undefined && acceptedAt.length >= limits.perSecond && earliest > now - WINDOW_MS;
  };

  const sendRawEmail = async (form: URLSearchParams, body: string, response: ServerResponse): Promise<void> => {
    const now = clock();
    if (refusal !== null) return fail(response, refusal.status, refusal.code, refusal.message);
    if (rateIsUsedUp(now)) return throttle(response, "Maximum sending rate exceeded.");
    if (sentInADay(now) >= limits.per24Hours) return throttle(response, "Daily message quota exceeded.");
    // Counted before the answer is known, so that calls in flight count.
    acceptedAt.push(now);
    const answer = await fetch(behindUrl, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", authorization: "AWS4-HMAC-SHA256 local" },
      body,
    });
    const text = await answer.text();
    if (!answer.ok) return fail(response, 400, "MessageRejected", text.slice(0, 200));
    // The emulator's ids start again at one with every start; the outbox outlives it.
    const id = randomUUID();
    const raw = Buffer.from(form.get("RawMessage.Data") ?? "", "base64").toString("utf8");
    const to = form.get("Destinations.member.1") ?? recipientIn(raw);
    outbox.addEmail({ id, to, raw });
    reportLater(takenMail(form, id, to, now));
    sendXml(response, 200, text.replace(/<MessageId>[^<]*<\/MessageId>/, `<MessageId>${id}</MessageId>`));
    if (++forwarded % FORGET_AFTER === 0) await fetch(`${behindUrl}/clear-store`, { method: "POST" });
  };

  /** A report may be lost with the stack. On AWS it may be lost too, or take hours. */
  const reportLater = (mail: TakenMail): void => {
    const feedback = feedbackOn(mail, mail.at + feedbackAfterMs);
    if (feedback === null) return;
    const timer = setTimeout(() => {
      waiting.delete(timer);
      for (const { configurationSet, types, publish } of destinations) {
        if (configurationSet !== mail.configurationSet || !types.includes(feedback.type)) continue;
        publish(JSON.stringify(feedback.report)).catch(() => {});
      }
    }, feedbackAfterMs);
    waiting.add(timer);
  };

  const getSendQuota = (response: ServerResponse): void => {
    const result = `<SentLast24Hours>${sentInADay(clock())}.0</SentLast24Hours><Max24HourSend>${limits.per24Hours}.0</Max24HourSend><MaxSendRate>${limits.perSecond}.0</MaxSendRate>`;
    sendXml(
      response,
      200,
      `<GetSendQuotaResponse xmlns="${NAMESPACE}"><GetSendQuotaResult>${result}</GetSendQuotaResult><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></GetSendQuotaResponse>`,
    );
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readText(request);
    const form = new URLSearchParams(body);
    const action = form.get("Action") ?? "";
    if (action === "SendRawEmail") return sendRawEmail(form, body, response);
    if (action === "GetSendQuota") return getSendQuota(response);
    fail(response, 400, "InvalidAction", `${action} is not answered on this machine`);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error) => fail(response, 500, "InternalFailure", oneLine(error)));
  });
  admitOnly("programs", server);
  const port = await listen(server, 0);
  return {
    url: `http://${HOST}:${port}`,
    addDestination(destination) {
      destinations.push(destination);
    },
    setLimits(changed) {
      limits = { ...limits, ...changed };
    },
    refuse(next) {
      refusal = next;
    },
    async stop() {
      for (const timer of waiting) clearTimeout(timer);
      await Promise.all([closeServer(server), closeServer(behind)]);
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function takenMail(form: URLSearchParams, id: string, to: string, at: number): TakenMail {
  const tags: Record<string, string> = {};
  for (let number = 1; form.has(`Tags.member.${number}.Name`); number += 1) {
    tags[form.get(`Tags.member.${number}.Name`) ?? ""] = form.get(`Tags.member.${number}.Value`) ?? "";
  }
  const [source, configurationSet] = [form.get("Source") ?? "", form.get("ConfigurationSetName") ?? ""];
  return { id, to, source, configurationSet, tags, at };
}

/** The address of the To header, for callers that name no destination. */
function recipientIn(raw: string): string {
  const [, to = ""] = /^To: *(.*)$/im.exec(raw) ?? [];
  return /<([^>]+)>/.exec(to)?.[1] ?? to.trim();
}

function throttle(response: ServerResponse, message: string): void {
  fail(response, 400, "Throttling", message);
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  const text = message.replace(/[<>&]/g, " ");
  sendXml(
    response,
    status,
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${text}</Message></Error><RequestId>local</RequestId></ErrorResponse>`,
  );
}

function sendXml(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { "content-type": "text/xml" }).end(xml);
}
