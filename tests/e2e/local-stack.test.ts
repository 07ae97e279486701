import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { beforeAll, expect, it } from "vitest";
import * as z from "zod";
import { closeServer, freePorts, listen } from "../../infra/local/listen.ts";
import { type LocalStack, startLocalStack } from "../../infra/local/local-stack.ts";
import { afterTheFile, temporaryFolder } from "../fixtures/clean-up.ts";
import * as progress from "../fixtures/progress.ts";
import { sharedApp } from "./shared-stack.ts";

const createdSchema = z.object({ id: z.string() });
const webhookSchema = z.object({ id: z.string(), signing_secret: z.string() });
const postedSchema = z.object({ id: z.string(), incident_updates: z.array(z.object({ id: z.string() })) });
const subscriberSchema = z.object({ state: z.string(), quarantine_reason: z.nullable(z.string()) });
const reportSchema = z.object({ channels: z.object({ email: z.record(z.string(), z.unknown()) }) });
const problemsSchema = z.object({
  deliveries: z.array(z.object({ subscriber_id: z.string(), state: z.string(), reason: z.string() })),
});
const incidentBodySchema = z.object({ incident: z.object({ name: z.string(), status: z.string() }) });
const changeBodySchema = z.object({
  component: z.object({ id: z.string(), status: z.string() }),
  component_update: z.object({ old_status: z.string(), new_status: z.string() }),
});
const summarySchema = z.object({
  status: z.object({ description: z.string() }),
  components: z.array(z.object({ name: z.string(), status: z.string() })),
  incidents: z.array(z.object({ name: z.string(), status: z.string() })),
});

interface Received {
  headers: Record<string, string>;
  body: string;
}
const received: Received[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  received.push({ headers: Object.fromEntries(headers), body: Buffer.concat(chunks).toString() });
  response.writeHead(204).end();
});

let dataDir = "";
let stack: LocalStack;
const complaints: string[] = [];

const later = afterTheFile();
beforeAll(async () => {
  await listen(receiver, 0);
  later(() => closeServer(receiver));
  const folder = await temporaryFolder("stack");
  dataDir = folder.path;
  later(folder.remove);
  stack = await start();
  later(() => stack.stop());
});

async function start(): Promise<LocalStack> {
  const [page = 0, manage = 0, subscriptions = 0, outbox = 0] = await freePorts(4);
  return startLocalStack({
    ports: { page, manage, subscriptions, outbox },
    dataDir,
    webhookTargets: "any",
    mailRate: 200,
    sweepSeconds: 60,
    app: await sharedApp(),
    dynamodb: null,
    report: (line) => complaints.push(line),
  });
}

async function call<S extends z.ZodType>(method: string, path: string, body: object | null, schema: S) {
  const { api, pageId, apiKey } = stack.endpoints;
  const answer = await fetch(`${api}/pages/${pageId}${path}`, {
    method,
    headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  expect(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`).toBe(true);
  return schema.parse(JSON.parse(text));
}

const until = (what: string, look: () => boolean | Promise<boolean>) =>
  progress.until(what, look, {
    moving: () => [stack.outbox.emails.length, stack.outbox.sms.length, received.length],
    said: () => complaints.join(" | "),
  });

const readPage = async (path: string) => (await fetch(`${stack.endpoints.page}${path}`)).text();
const readSummary = async () => summarySchema.parse(JSON.parse(await readPage("/api/v2/summary.json")));

it("tells subscribers on three channels of an incident, shows it, and goes on after a restart", async () => {
  const component = await call("POST", "/components", { component: { name: "Web App" } }, createdSchema);
  const subscribe = <S extends z.ZodType>(subscriber: object, schema: S) =>
    call("POST", "/subscribers", { subscriber: { ...subscriber, skip_confirmation_notification: true } }, schema);
  await subscribe({ email: "anna@example.com" }, createdSchema);
  await subscribe({ phone_country: "DE", phone_number: "0151 12345678" }, createdSchema);
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { signing_secret } = await subscribe({ endpoint: `http://127.0.0.1:${port}/hook` }, webhookSchema);

  const incident = { name: "Uploads fail", status: "investigating", body: "We are looking." };
  const { id: incidentId } = await call(
    "POST",
    "/incidents",
    { incident: { ...incident, components: { [component.id]: "major_outage" } } },
    createdSchema,
  );

  const { outbox } = stack;
  await until("an email, an SMS and a webhook", () =>
    [outbox.emails.length, outbox.sms.length, received.length].every((count) => count > 0),
  );
  expect(outbox.emails[0]).toMatchObject({ to: "anna@example.com" });
  expect(outbox.emails[0]?.raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  expect(outbox.sms[0]).toMatchObject({ to: "+4915112345678", text: expect.stringContaining("Uploads fail") });
  const [{ headers, body } = { headers: {}, body: "" }] = received;
  expect(incidentBodySchema.parse(new Webhook(signing_secret).verify(body, headers)).incident).toEqual({
    name: "Uploads fail",
    status: "investigating",
  });

  await until("the page", async () => (await readPage("/")).includes("Uploads fail"));
  expect(await readSummary()).toMatchObject({
    status: { description: "Major System Outage" },
    components: [{ name: "Web App", status: "major_outage" }],
    incidents: [{ name: "Uploads fail", status: "investigating" }],
  });
  const data = await fetch(`${stack.endpoints.page}/api/v2/status.json`);
  expect(data.headers.get("access-control-allow-origin")).toBe("*");
  const again = await fetch(`${stack.endpoints.page}/api/v2/status.json`, {
    headers: { "if-none-match": data.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);
  const missing = await fetch(`${stack.endpoints.page}/no-such-page`);
  expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  expect(missing.headers.get("content-security-policy")).toContain("default-src 'none'");

  const before = stack.endpoints;
  await stack.stop();
  stack = await start();

  expect(stack.endpoints).toMatchObject({ pageId: before.pageId, apiKey: before.apiKey });
  expect((await stat(join(dataDir, "credentials.json"))).mode & 0o777).toBe(0o600);
  // The bucket lost everything; the page is whole again before the stack says that it is ready.
  expect(await readPage("/")).toContain("Uploads fail");
  const resolving = { status: "resolved", body: "Uploads work again.", components: { [component.id]: "operational" } };
  await call("PATCH", `/incidents/${incidentId}`, { incident: resolving }, createdSchema);
  await until("the second email, SMS and webhook", () =>
    [stack.outbox.emails.length, stack.outbox.sms.length, received.length].every((count) => count > 1),
  );
  await until("the page", async () => (await readSummary()).incidents.length === 0);
  // Nothing was sent a second time because of the restart.
  expect([stack.outbox.emails.length, stack.outbox.sms.length, received.length]).toEqual([2, 2, 2]);
  expect(complaints.filter((line) => !line.endsWith("…"))).toEqual([]);
});

it("quarantines whoever's mail comes back, and the update's report says so", async () => {
  const mailboxes = ["bounce+1", "complaint+1", "suppressionlist", "ooto", "success"];
  const subscribers = await Promise.all(
    mailboxes.map(async (mailbox) => {
      const email = `${mailbox}@simulator.amazonses.com`;
      return call(
        "POST",
        "/subscribers",
        { subscriber: { email, skip_confirmation_notification: true } },
        createdSchema,
      );
    }),
  );
  const incident = { name: "Mail is slow", status: "investigating", body: "We are looking." };
  const { id, incident_updates } = await call("POST", "/incidents", { incident }, postedSchema);
  const report = `/incidents/${id}/incident_updates/${incident_updates[0]?.id}/deliveries`;
  // Anna, too, whom an earlier test subscribed.
  await until("the feedback", async () => {
    const { channels } = await call("GET", report, null, reportSchema);
    return channels.email.audience === 6 && channels.email.accepted === 4;
  });
  const { channels } = await call("GET", report, null, reportSchema);
  expect(channels.email).toMatchObject({ audience: 6, accepted: 4, failed: 2, open: 0 });
  const ids = subscribers.map((subscriber) => subscriber.id);
  const { deliveries } = await call("GET", `${report}/problems`, null, problemsSchema);
  expect(new Map(deliveries.map((problem) => [problem.subscriber_id, `${problem.state}, ${problem.reason}`]))).toEqual(
    new Map([
      [ids[0], "failed, bounced: General"],
      [ids[2], "failed, bounced: OnAccountSuppressionList"],
    ]),
  );
  const quarantines = () =>
    Promise.all(
      ids.map(async (one) => {
        const { state, quarantine_reason } = await call("GET", `/subscribers/${one}`, null, subscriberSchema);
        return [state, quarantine_reason];
      }),
    );
  await until("the complaint", async () => (await quarantines()).filter(([state]) => state !== "active").length === 3);
  expect(await quarantines()).toEqual([
    ["quarantined", "bounce"],
    ["quarantined", "complaint"],
    ["quarantined", "bounce"],
    ["active", null],
    ["active", null],
  ]);
  expect(complaints.filter((line) => !line.endsWith("…"))).toEqual([]);
});

it("tells webhooks, and them alone, of a component that changes without an incident", async () => {
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : 0;
  const component = await call("POST", "/components", { component: { name: "Mail" } }, createdSchema);
  const subscriber = { endpoint: `http://127.0.0.1:${port}/mail`, component_ids: [component.id] };
  const { signing_secret } = await call("POST", "/subscribers", { subscriber }, webhookSchema);
  const mine = () => received.filter((one) => isSignedBy(signing_secret, one));
  const mails = stack.outbox.emails.length;

  // Sooner than sweep could have planned it: the stream did.
  await call("PATCH", `/components/${component.id}`, { component: { status: "partial_outage" } }, createdSchema);
  await until("a webhook", () => mine().length === 1);
  const [{ body } = { body: "" }] = mine();
  expect(changeBodySchema.parse(JSON.parse(body))).toEqual({
    component: { id: component.id, status: "partial_outage" },
    component_update: { old_status: "operational", new_status: "partial_outage" },
  });
  expect(stack.outbox.emails).toHaveLength(mails);
});

function isSignedBy(secret: string, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

it("unsubscribes whoever answers STOP to an SMS", async () => {
  const subscriber = { phone_country: "DE", phone_number: "0151 12340000", skip_confirmation_notification: true };
  const { id } = await call("POST", "/subscribers", { subscriber }, createdSchema);
  const incident = { name: "SMS is slow", status: "investigating", body: "We are looking." };
  await call("POST", "/incidents", { incident }, postedSchema);
  await until("the SMS", () => stack.outbox.sms.some(({ to }) => to === "+4915112340000"));
  // Once an hour on AWS, and at the pace of sweeps on this machine.
  await stack.functionNamed("receive-feedback").invoke({});
  const { state } = await call("GET", `/subscribers/${id}`, null, subscriberSchema);
  expect(state).toBe("unsubscribed");
  expect(complaints.filter((line) => !line.endsWith("…"))).toEqual([]);
});
