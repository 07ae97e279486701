import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { hasChromium, launchChromium } from "../fixtures/chromium.ts";
import { afterTheFile } from "../fixtures/clean-up.ts";
import { until } from "../fixtures/progress.ts";
import { callApi } from "./local-process.ts";
import { linkTo, mailTo, type SharedStack, sharedStack } from "./shared-stack.ts";

interface Received {
  headers: Record<string, string>;
  body: string;
}

/** An integrator's receiver: it echoes challenges, and fails when told to. */
function newReceiver() {
  const received: Received[] = [];
  let status = 204;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString();
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    received.push({ headers: Object.fromEntries(headers), body });
    const challenge = z.object({ challenge: z.string() }).safeParse(JSON.parse(body));
    if (challenge.success) response.writeHead(200).end(JSON.stringify(challenge.data));
    else response.writeHead(status).end(status === 204 ? "" : `<script>alert("${status}")</script> out of disk`);
  });
  return {
    server,
    received,
    answers(next: number) {
      status = next;
    },
    last: (): Received => received.at(-1) ?? { headers: {}, body: "{}" },
    url() {
      const address = server.address();
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`;
    },
  };
}

const registeredSchema = z.object({ id: z.string(), signing_secret: z.string() });
const axeSchema = z.array(z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.string()) }));

describe.skipIf(!hasChromium)("the portal", () => {
  const receiver = newReceiver();
  let stack: SharedStack;
  let browser: Browser;
  let axe = "";

  const later = afterTheFile();
  beforeAll(async () => {
    await listen(receiver.server, 0);
    later(() => closeServer(receiver.server));
    stack = await sharedStack();
    browser = await launchChromium();
    later(() => browser.close());
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  });

  async function register(path: string, email: string) {
    const answer = await fetch(`${stack.endpoints.subscriptions}/subscriptions/webhooks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ endpoint: receiver.url() + path, email }),
    });
    expect(answer.status).toBe(201);
    const { signing_secret: secret } = registeredSchema.parse(await answer.json());
    const link = linkTo(stack, "portal", (await mailTo(stack, email)).text);
    return { secret, link };
  }

  async function open(link: string, javaScriptEnabled: boolean): Promise<{ tab: Page; complaints: string[] }> {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 1280, height: 800 } });
    const tab = await context.newPage();
    const complaints: string[] = [];
    tab.on("console", (message) => complaints.push(message.text()));
    tab.on("pageerror", (error) => complaints.push(error.message));
    await tab.goto(link);
    return { tab, complaints };
  }

  async function faults(link: string, colorScheme: "light" | "dark") {
    const context = await browser.newContext({ bypassCSP: true, colorScheme });
    const tab = await context.newPage();
    await tab.goto(link);
    await tab.evaluate("document.querySelectorAll('details').forEach((one) => one.setAttribute('open', ''))");
    await tab.evaluate(axe);
    const found = axeSchema.parse(
      await tab.evaluate(
        "axe.run(document).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })))",
      ),
    );
    await context.close();
    return found;
  }

  async function postIncident(): Promise<void> {
    const incident = { name: "Uploads fail", status: "investigating", body: "We are looking." };
    expect((await callApi(stack.endpoints, "POST", "/incidents", { incident })).status).toBe(201);
  }

  it("goes from the mail to tests, a new secret, replays, a pause and the end, and shows what happens as it happens", async () => {
    const { secret, link } = await register("/live", "live@example.com");
    const { tab, complaints } = await open(link, true);
    await tab.getByRole("heading", { name: "Active" }).waitFor();

    await tab.getByRole("button", { name: "Send a test" }).click();
    // The page brings it in by itself.
    await tab.locator("summary", { hasText: /^Test/ }).getByText("Accepted").waitFor();
    const test = receiver.last();
    expect(JSON.parse(test.body)).toMatchObject({ test: true });
    for (const Library of [Standard, Svix]) new Library(secret).verify(test.body, test.headers);

    await tab.getByText("Change the signing secret").click();
    await tab.getByRole("button", { name: "Make a new secret" }).click();
    const next = (await tab.locator("code.secret").textContent()) ?? "";
    expect(next).toMatch(/^whsec_/);
    await tab.getByRole("link", { name: "Back to the webhook" }).click();
    await postIncident();
    const update = await until("the update", () => {
      const last = receiver.last();
      return last.body.includes("Uploads fail") ? last : null;
    });
    expect(update.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const key of [secret, next]) {
      for (const Library of [Standard, Svix]) new Library(key).verify(update.body, update.headers);
    }

    receiver.answers(500);
    await postIncident();
    await until("the failure", () => receiver.received.length >= 4);
    await tab.reload();
    await tab.locator("summary", { hasText: "Retrying" }).first().click();
    await tab.locator("pre", { hasText: "out of disk" }).first().waitFor();
    expect(await faults(link, "light")).toEqual([]);
    expect(await faults(link, "dark")).toEqual([]);

    receiver.answers(410);
    await tab.getByRole("button", { name: "Pause" }).click();
    await tab.getByRole("heading", { name: "Paused" }).waitFor();
    await tab.getByRole("button", { name: "Resume" }).click();
    receiver.answers(204);
    await tab.getByRole("heading", { name: /Active|Failing/ }).waitFor();

    await tab.getByText("Delete this webhook").first().click();
    await tab.getByRole("button", { name: "Delete this webhook" }).click();
    await tab.getByRole("heading", { name: "The webhook is deleted" }).waitFor();
    expect((await tab.goto(link))?.status()).toBe(404);
    expect(complaints.filter((text) => !text.includes("404"))).toEqual([]);
  });

  it("does all of it without a script, and fits a phone", async () => {
    receiver.answers(204);
    const { link } = await register("/plain", "plain@example.com");
    const { tab } = await open(link, false);
    await until("the confirmation", async () => {
      await tab.reload();
      return tab.getByRole("heading", { name: "Active" }).isVisible();
    });
    await tab.getByRole("button", { name: "Send a test" }).click();
    await tab.getByText("The test is on its way").waitFor();
    await until("the test in the list", async () => {
      await tab.reload();
      return tab.locator("summary", { hasText: /^Test/ }).isVisible();
    });
    await postIncident();
    await until("the update in the list", async () => {
      await tab.reload();
      return tab.locator("summary", { hasText: "Uploads fail" }).getByText("Accepted").isVisible();
    });
    const before = receiver.received.length;
    await tab.locator("summary", { hasText: "Uploads fail" }).click();
    await tab.getByRole("button", { name: "Send it again" }).first().click();
    await until("the replay", () => receiver.received.length > before);

    await tab.getByRole("button", { name: "Send again" }).click();
    await tab.getByText("Nothing failed in that time").waitFor();
    await tab.getByText("Choose which updates are sent").click();
    await tab.getByLabel("Impact").selectOption("major");
    await tab.getByRole("button", { name: "Save the choice" }).click();
    await tab.getByText("Incidents of major impact or more", { exact: true }).first().waitFor();

    await tab.setViewportSize({ width: 360, height: 800 });
    const wide = await browser.newContext({ viewport: { width: 360, height: 800 } });
    const narrow = await wide.newPage();
    await narrow.goto(link);
    expect(await narrow.evaluate("document.documentElement.scrollWidth - window.innerWidth")).toBe(0);
    await wide.close();

    await tab.getByText("Delete this webhook").first().click();
    await tab.getByRole("button", { name: "Delete this webhook" }).click();
    await tab.getByRole("heading", { name: "The webhook is deleted" }).waitFor();
  });
});
