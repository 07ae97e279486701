import { createServer, type Server } from "node:http";
import { simpleParser } from "mailparser";
import type { Page } from "playwright-core";
import * as z from "zod";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { until } from "../fixtures/progress.ts";
import { callApi, type LocalEndpoints } from "./local-process.ts";

const outboxSchema = z.object({ emails: z.array(z.object({ to: z.string(), raw: z.string() })) });
const challengeSchema = z.object({ challenge: z.string() });
const portalSchema = z.object({
  endpoint: z.object({ state: z.string() }),
  deliveries: z.array(z.object({ state: z.string() })),
});

export async function openFailed(tab: Page): Promise<void> {
  await tab.locator("summary", { hasText: "Retrying" }).first().click();
}

export async function openSettings(tab: Page): Promise<void> {
  await tab.evaluate("document.querySelectorAll('details').forEach((one) => one.setAttribute('open', ''))");
}

export async function askForLink(tab: Page): Promise<void> {
  await tab.locator("input[name=endpoint]").fill("https://status-hooks.example.com/tocsin");
  await Promise.all([tab.waitForURL(/done=mailed/), tab.locator("form button").click()]);
}

/** After the other pictures, which show no secret being replaced. */
export async function changeSecret(tab: Page): Promise<void> {
  await openSettings(tab);
  await tab.getByRole("button", { name: "Make a new secret" }).click();
  await tab.locator("code.secret").waitFor();
}

/**
 * Links of three endpoints: one that took a test and the opening of an incident and fails since, one that awaits its
 * challenge, and a chat's that awaits its contact. `close` ends the receiver behind them.
 */
export async function portalLinks(endpoints: LocalEndpoints) {
  const { subscriptions, outbox } = endpoints;
  const receiver = newReceiver();
  await listen(receiver.server, 0);
  const register = async (path: string, email: string, more: object, link: string) => {
    const answer = await fetch(`${subscriptions}/subscriptions/webhooks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ endpoint: receiver.url(path), email, ...more }),
    });
    if (answer.status !== 201) throw new Error(`${path} was not registered: ${await answer.text()}`);
    return until(`a link to ${link}`, () => linkIn(outbox, email, link));
  };
  const portal = await register("/tocsin", "integrator@example.com", {}, "portal");
  const look = async () =>
    portalSchema.parse(await (await fetch(portal, { headers: { accept: "application/json" } })).json());
  const states = async () => (await look()).deliveries.map(({ state }) => state);
  await until("the challenge", async () => (await look()).endpoint.state === "active");
  await fetch(`${portal}/test`, { method: "POST", redirect: "manual" });
  const created = await callApi(endpoints, "POST", "/incidents", {
    incident: { name: "Sign-in takes long", status: "investigating", body: "Some sign-ins take up to a minute." },
  });
  const { id } = z.object({ id: z.string() }).parse(created.json);
  await until("what is accepted", async () => {
    const seen = await states();
    return seen.length >= 3 && seen.every((state) => state === "accepted");
  });
  receiver.fail();
  await callApi(endpoints, "PATCH", `/incidents/${id}`, {
    incident: { status: "identified", body: "A directory answers slowly; we have taken it out." },
  });
  await until("what fails", async () => (await states()).some((state) => state !== "accepted" && state !== "pending"));
  const waiting = await register("/silent", "silent@example.com", {}, "portal");
  const chat = await register("/slack", "chat@example.com", { format: "slack" }, "confirm");
  return { portal, waiting, chat, close: () => closeServer(receiver.server) };
}

/** Echoes challenges, except those to `/silent`, and takes the rest until told to fail. */
function newReceiver(): { server: Server; url: (path: string) => string; fail: () => void } {
  let failing = false;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { data } = challengeSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
    if (request.url === "/silent") response.writeHead(404).end("no such hook");
    else if (data !== undefined) response.writeHead(200).end(JSON.stringify(data));
    // A chat that refuses its first post would have nobody asked to confirm it.
    else if (failing && request.url !== "/slack")
      response.writeHead(503, { "content-type": "text/plain" }).end("queue full: 10000 of 10000 waiting");
    else response.writeHead(204).end();
  });
  return {
    server,
    url(path) {
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}${path}`;
    },
    fail() {
      failing = true;
    },
  };
}

async function linkIn(outbox: string, to: string, path: string): Promise<string | null> {
  const { emails } = outboxSchema.parse(
    await (await fetch(outbox, { headers: { accept: "application/json" } })).json(),
  );
  const mail = emails.find((each) => each.to === to);
  if (mail === undefined) return null;
  return new RegExp(`https?:\\S+/${path}/[\\w.-]+`).exec((await simpleParser(mail.raw)).text ?? "")?.[0] ?? null;
}
