import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { freePorts } from "../../infra/local/listen.ts";
import { type LocalStack, startLocalStack } from "../../infra/local/local-stack.ts";
import { hasChromium, launchChromium } from "../fixtures/chromium.ts";

const PATIENCE_MS = 30_000;
const ADDRESS = "ada@example.com";
const PHONE = "+4915112345678";

const violationsSchema = z.array(z.object({ id: z.string(), nodes: z.array(z.string()) }));

describe.skipIf(!hasChromium)("a reader with a real browser, without scripts", () => {
  let dataDir = "";
  let stack: LocalStack;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let axe = "";
  const complaints: string[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "tocsin-sign-up-"));
    const [atPage = 0, manage = 0, subscriptions = 0, outbox = 0] = await freePorts(4);
    stack = await startLocalStack({
      ports: { page: atPage, manage, subscriptions, outbox },
      dataDir,
      webhookTargets: "any",
      mailRate: 200,
      sweepSeconds: 60,
      dynamodb: null,
      report: (line) => complaints.push(line),
    });
    await call("POST", "/components", { component: { name: "Web App" } });
    await call("POST", "/components", { component: { name: "WebDAV" } });
    browser = await launchChromium();
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body: object) {
    const { api, pageId, apiKey } = stack.endpoints;
    const answer = await fetch(`${api}/pages/${pageId}${path}`, {
      method,
      headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    expect(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`).toBe(true);
    return z.looseObject({ id: z.string() }).parse(JSON.parse(text));
  }

  async function until<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > deadline) throw new Error(`${what} did not happen: ${complaints.join(" | ")}`);
      await sleep(50);
    }
  }

  /** The newest mail beyond those seen, and the link in its text that leads to `path`. */
  let seen = 0;
  async function nextMail(): Promise<{ raw: string; text: string; subject: string }> {
    const mail = await until("a mail", () => stack.outbox.emails[seen]);
    seen += 1;
    expect(mail.to).toBe(ADDRESS);
    const parsed = await simpleParser(mail.raw);
    return { raw: mail.raw, text: parsed.text ?? "", subject: parsed.subject ?? "" };
  }
  function linkTo(path: string, text: string): string {
    const found = new RegExp(`${stack.endpoints.subscriptions}/${path}/[\\w.-]+`).exec(text)?.[0];
    if (found === undefined) throw new Error(`no link to ${path} in: ${text}`);
    return found;
  }

  /** As axe sees the page that is open; nothing at all may be wrong with it. */
  async function expectAccessible(what: string): Promise<void> {
    // Scripts are off in the reader's browser, so axe looks at the same document in another.
    const html = await page.content();
    const looking = await browser.newContext({ bypassCSP: true });
    const tab = await looking.newPage();
    await tab.setContent(html);
    await tab.evaluate(axe);
    const violations = violationsSchema.parse(
      await tab.evaluate(
        "axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })))",
      ),
    );
    await looking.close();
    expect(violations, what).toEqual([]);
  }
  const press = async (name: string | RegExp) => {
    await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name }).click()]);
  };
  const heading = () => page.getByRole("heading", { level: 1 }).innerText();

  test("signs up, confirms, is told, leaves, comes back, pauses, and has their data erased", async () => {
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();

    // The page's form, with one component chosen.
    await until("the form on the page", async () => {
      await page.goto(stack.endpoints.page);
      return (await page.content()).includes("WebDAV");
    });
    await expectAccessible("the status page");
    await page.getByLabel("Email address").fill(ADDRESS);
    await page.getByText("Only some components").first().click();
    await page.getByLabel("Web App").first().check();
    await press("Subscribe by email");
    expect(await heading()).toBe("Check your mailbox");
    expect(page.url()).toBe(`${stack.endpoints.subscriptions}/subscriptions/email`);
    await expectAccessible("check your mailbox");

    // Confirmed by keyboard.
    const confirmation = await nextMail();
    await page.goto(linkTo("decline", confirmation.text));
    expect(await heading()).toBe("You did not ask for this?");
    await expectAccessible("decline");
    await page.goto(linkTo("confirm", confirmation.text));
    await expectAccessible("confirm");
    await page.keyboard.press("Tab");
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    expect(await heading()).toBe("You are subscribed");
    await page.goto(linkTo("decline", confirmation.text));
    expect(await heading()).toBe("This link does not work");

    // Told of an incident.
    const components = z.array(z.object({ id: z.string(), name: z.string() })).parse(
      await (
        await fetch(`${stack.endpoints.api}/pages/${stack.endpoints.pageId}/components`, {
          headers: { authorization: `OAuth ${stack.endpoints.apiKey}` },
        })
      ).json(),
    );
    const webApp = components.find(({ name }) => name === "Web App")?.id ?? "";
    const incident = { name: "Uploads fail", status: "investigating", body: "We are looking." };
    const { id: incidentId } = await call("POST", "/incidents", {
      incident: { ...incident, components: { [webApp]: "major_outage" } },
    });
    const update = await nextMail();
    expect(update.subject).toContain("Uploads fail");

    // One click of a mail program (RFC 8058), and the letter that undoes it.
    const target = /^List-Unsubscribe: <(https?:[^>]+)>/m.exec(update.raw.replaceAll("\r\n ", ""))?.[1] ?? "";
    const answer = await fetch(target, {
      method: "POST",
      body: "List-Unsubscribe=One-Click",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      redirect: "error",
    });
    expect([answer.status, await answer.text(), answer.headers.get("set-cookie")]).toEqual([200, "", null]);
    const farewell = await nextMail();
    expect(farewell.subject).toContain("unsubscribed");
    await page.goto(target);
    expect(await heading()).toBe("Unsubscribe?");
    await expectAccessible("unsubscribe");
    await page.goto(linkTo("resubscribe", farewell.text));
    await expectAccessible("come back");
    await press("Receive updates again");
    expect(await heading()).toBe("You receive updates again");

    // A link to manage it all, instead of leaving.
    await page.goto(target);
    await press("Change what I receive instead");
    const manage = linkTo("manage", (await nextMail()).text);
    await page.goto(manage);
    expect(await heading()).toBe("Your subscription");
    expect(await page.getByLabel("Web App").isChecked()).toBe(true);
    await expectAccessible("manage");
    await Promise.all([
      page.waitForEvent("load"),
      page.getByRole("link", { name: "Show the updates of the last 90 days" }).click(),
    ]);
    expect(await page.getByRole("listitem").first().innerText()).toMatch(
      /Uploads fail[\s\S]*Investigating · .+ · Sent/,
    );
    await expectAccessible("what was sent");
    await page.goBack();
    await page.getByLabel("WebDAV").check();
    await page.getByLabel("Language").selectOption("de");
    await press("Save");
    expect(await page.getByRole("status").innerText()).toBe("Gespeichert.");
    expect(await page.getByLabel("WebDAV").isChecked()).toBe(true);

    // Paused: nothing comes. Erased: nothing is left.
    await press("Pausieren");
    await expectAccessible("paused");
    await call("PATCH", `/incidents/${incidentId}`, { incident: { status: "identified", body: "Found." } });
    await call("POST", "/subscribers", {
      subscriber: { email: "control@example.com", skip_confirmation_notification: true },
    });
    await call("PATCH", `/incidents/${incidentId}`, { incident: { status: "resolved", body: "Over." } });
    const control = await until("the mail to somebody else", () => stack.outbox.emails[seen]);
    expect(control.to).toBe("control@example.com");
    await page.getByLabel("Ja, alles löschen").check();
    await press("Meine Daten löschen");
    expect(await heading()).toBe("Ihre Daten sind gelöscht");
    await page.goto(manage);
    expect(await heading()).toBe("This link does not work");
    await context.close();
  }, 120_000);

  test("signs up by SMS with the code typed on the page", async () => {
    context = await browser.newContext({ javaScriptEnabled: false });
    page = await context.newPage();
    await page.goto(stack.endpoints.page);
    await page.getByText("By SMS", { exact: true }).click();
    await page.getByLabel("Country").selectOption("DE");
    await page.getByLabel("Mobile number").fill("0151 12345678");
    await press("Subscribe by SMS");
    expect(await heading()).toBe("Enter the code");
    await expectAccessible("enter the code");
    const sms = await until("an SMS", () => stack.outbox.sms.at(-1));
    expect(sms.to).toBe(PHONE);
    await page.getByLabel("Code").fill("000000" === /\d{6}/.exec(sms.text)?.[0] ? "000001" : "000000");
    await press("Confirm number");
    expect(await page.getByRole("alert").innerText()).toContain("wrong");
    await expectAccessible("a wrong code");
    await page.getByLabel("Code").fill(/\d{6}/.exec(sms.text)?.[0] ?? "");
    await press("Confirm number");
    expect(await heading()).toBe("You are subscribed");
    await context.close();
  }, 60_000);
});
