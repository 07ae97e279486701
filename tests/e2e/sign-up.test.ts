import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { hasChromium, launchChromium } from "../fixtures/chromium.ts";
import { afterTheFile } from "../fixtures/clean-up.ts";
import { until } from "../fixtures/progress.ts";
import { lastSaid, linkTo, mailTo, readOutbox, type SharedStack, sharedStack } from "./shared-stack.ts";

const ADDRESS = "ada@example.com";
const PHONE = "+4915112345678";

const violationsSchema = z.array(z.object({ id: z.string(), nodes: z.array(z.string()) }));

describe.skipIf(!hasChromium)("a reader with a real browser, without scripts", () => {
  let stack: SharedStack;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let axe = "";

  const later = afterTheFile();
  beforeAll(async () => {
    stack = await sharedStack();
    await call("POST", "/components", { component: { name: "Web App" } });
    await call("POST", "/components", { component: { name: "WebDAV" } });
    browser = await launchChromium();
    later(() => browser.close());
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
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

  /** The newest mail beyond those seen. */
  let seen = 0;
  async function nextMail() {
    seen += 1;
    return mailTo(stack, ADDRESS, seen - 1).catch(async (error) => {
      throw new Error(`${error}: ${await lastSaid(stack)}`);
    });
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
    await page.goto(linkTo(stack, "decline", confirmation.text));
    expect(await heading()).toBe("You did not ask for this?");
    await expectAccessible("decline");
    await page.goto(linkTo(stack, "confirm", confirmation.text));
    await expectAccessible("confirm");
    await page.keyboard.press("Tab");
    await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    expect(await heading()).toBe("You are subscribed");
    await page.goto(linkTo(stack, "decline", confirmation.text));
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
    await page.goto(linkTo(stack, "resubscribe", farewell.text));
    await expectAccessible("come back");
    await press("Receive updates again");
    expect(await heading()).toBe("You receive updates again");

    // A link to manage it all, instead of leaving.
    await page.goto(target);
    await press("Change what I receive instead");
    const manage = linkTo(stack, "manage", (await nextMail()).text);
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
    await mailTo(stack, "control@example.com");
    const { emails } = await readOutbox(stack.endpoints);
    expect(emails.filter(({ to }) => to === ADDRESS)).toHaveLength(seen);
    await page.getByLabel("Ja, alles löschen").check();
    await press("Meine Daten löschen");
    expect(await heading()).toBe("Ihre Daten sind gelöscht");
    await page.goto(manage);
    expect(await heading()).toBe("This link does not work");
    await context.close();
  });

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
    const sms = await until("an SMS", async () =>
      (await readOutbox(stack.endpoints)).sms.filter(({ to }) => to === PHONE).at(-1),
    );
    await page.getByLabel("Code").fill("000000" === /\d{6}/.exec(sms.text)?.[0] ? "000001" : "000000");
    await press("Confirm number");
    expect(await page.getByRole("alert").innerText()).toContain("wrong");
    await expectAccessible("a wrong code");
    await page.getByLabel("Code").fill(/\d{6}/.exec(sms.text)?.[0] ?? "");
    await press("Confirm number");
    expect(await heading()).toBe("You are subscribed");
    await context.close();
  });
});
