import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { simpleParser } from "mailparser";
import { oneLine } from "../failure.ts";
import type { FunctionLog } from "../function-log.ts";
import { closeServer, listen } from "../listen.ts";
import { admitOnly } from "../visitors.ts";
import { emailPage, type ListedEmail, listPage, type ShownEmail } from "./mailbox-page.ts";
import type { Outbox, SentEmail } from "./outbox.ts";

/** How many of the newest of each the page lists; the JSON has all. */
const LISTED = 200;

export interface MailboxProps {
  port: number;
  outbox: Outbox;
  log: FunctionLog;
}

/**
 * Serves what was sent: JSON for scripts, and a mailbox to look at. Returns what ends it. Throws StartFailure if the
 * port is taken.
 */
export async function serveMailbox(props: MailboxProps): Promise<() => Promise<void>> {
  const subjects = new Map<string, Promise<string>>();
  const server = createServer((request, response) => {
    answer(request, response, props.outbox, subjects).catch((error) => {
      props.log.problem("outbox", `a request could not be answered: ${oneLine(error)}`);
      if (response.headersSent) response.destroy();
      else send(response, 500, "text/plain", "The mailbox cannot show this.\n");
    });
  });
  admitOnly("own pages", server);
  await listen(server, props.port);
  return () => closeServer(server);
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  outbox: Outbox,
  subjects: Map<string, Promise<string>>,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return send(response, 405, "text/plain", "Only GET is answered here.\n");
  }
  const [path = "/"] = (request.url ?? "/").split("?", 1);
  const asJson = path === "/" && (request.headers.accept ?? "").includes("application/json");
  if (path === "/outbox" || asJson) {
    return send(response, 200, "application/json", JSON.stringify({ emails: outbox.emails, sms: outbox.sms }));
  }
  if (path === "/count") {
    return send(response, 200, "application/json", JSON.stringify(outbox.emails.length + outbox.sms.length));
  }
  if (path === "/") {
    const newest = outbox.emails.slice(-LISTED).reverse();
    const emails = await Promise.all(newest.map((email) => listed(email, subjects)));
    const page = { emails, sms: outbox.sms.slice(-LISTED).reverse() };
    return sendPage(response, 200, listPage({ ...page, total: outbox.emails.length + outbox.sms.length }));
  }
  const [, id] = /^\/emails\/([\w-]+)$/.exec(path) ?? [];
  const email = outbox.emails.find((candidate) => candidate.id === id);
  if (email === undefined) return send(response, 404, "text/plain", "There is no such email.\n");
  sendPage(response, 200, emailPage(await shown(email)));
}

async function listed(email: SentEmail, subjects: Map<string, Promise<string>>): Promise<ListedEmail> {
  const subject = subjects.get(email.id) ?? subjectOf(email);
  subjects.set(email.id, subject);
  return { id: email.id, to: email.to, at: email.at, subject: await subject };
}

/** Reads only the headers: parsing whole emails for a list would take seconds. */
async function subjectOf({ raw }: SentEmail): Promise<string> {
  const end = raw.search(/\r?\n\r?\n/);
  const { subject = "" } = await simpleParser(`${end < 0 ? raw : raw.slice(0, end)}\r\n\r\n`);
  return subject === "" ? "(no subject)" : subject;
}

async function shown({ to, at, raw }: SentEmail): Promise<ShownEmail> {
  const mail = await simpleParser(raw, { skipTextToHtml: true });
  return {
    to,
    at,
    from: mail.from?.text ?? "",
    subject: mail.subject ?? "(no subject)",
    html: mail.html || null,
    text: mail.text ?? "",
    raw,
  };
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.setHeader("referrer-policy", "no-referrer");
  send(response, status, "text/html", html);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  });
  response.end(body);
}
