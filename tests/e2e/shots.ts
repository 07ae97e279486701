import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import type { Browser, Page } from "playwright-core";
import * as z from "zod";
import { readOptions } from "../../infra/command.ts";
import { runDemo } from "../../infra/local/demo/run-demo.ts";
import { launchChromium } from "../fixtures/chromium.ts";
import { until } from "../fixtures/progress.ts";
import { callApi, freePorts, type LocalEndpoints, startProcess } from "./local-process.ts";
import { renderedPictures } from "./rendered-pictures.ts";
import { askForLink, changeSecret, openFailed, openSettings, portalLinks } from "./shots-portal.ts";
import { openForms, saveNothing, signUpByEmail, signUpBySms, signUpLinks } from "./shots-sign-up.ts";

const USAGE = `npm run shots -- [folder] [--rendered]

  folder      where the pictures go (default .local/shots)
  --rendered  only those made from the tests' fixtures, without a stack`;

/**
 * Pictures of every page and mail, from the real local stack after the demo and with an
 * incident open, at 1280 and 390 px, light and dark. The README's picture is one of them. Then every kind of mail in
 * every language, and the page in German and with a brand, from the tests' fixtures; with `--rendered` these alone.
 */
const { values, positionals } = readOptions(USAGE, {
  allowPositionals: true,
  options: { rendered: { type: "boolean", default: false } },
});
const { rendered } = values;
const [folder = ".local/shots"] = positionals;
const README_PICTURE = fileURLToPath(new URL("../../docs/images/page.png", import.meta.url));

const outboxSchema = z.object({ emails: z.array(z.object({ id: z.string(), to: z.string(), raw: z.string() })) });
const listSchema = z.array(z.object({ id: z.string(), name: z.string(), group: z.optional(z.boolean()) }));
const idSchema = z.object({ id: z.string() });

interface Shot {
  name: string;
  url?: string;
  html?: string;
  widths: readonly number[];
  /** What is done on the page before the picture. */
  act?: (tab: Page) => Promise<void>;
}

const browser = await launchChromium();
try {
  await mkdir(folder, { recursive: true });
  if (!rendered) await shootLocalStack();
  await shoot(browser, await renderedPictures());
  console.log(`${(await readdir(folder)).filter((name) => name.endsWith(".png")).length} pictures in ${folder}`);
} finally {
  await browser.close();
}

async function shootLocalStack(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "tocsin-shots-"));
  const local = await startProcess({ port: await freePorts(), data, arguments: ["--sweep-seconds", "5"] });
  try {
    await shoot(browser, [{ name: "page-empty", url: local.endpoints.page, widths: [1280] }]);
    await runDemo(local.endpoints, console.log);
    const past = await newestIncident(local.endpoints);
    const open = await openIncident(local.endpoints);
    const { page, outbox, subscriptions } = local.endpoints;
    await until("the open incident on the page", async () => (await (await fetch(page)).text()).includes(open));
    const mails = await readMails(outbox);
    const links = await signUpLinks(local.endpoints);
    const both = [1280, 390];
    const mailWidths = [600, 360];
    await shoot(browser, [
      { name: "page", url: page, widths: both },
      { name: "incident-open", url: `${page}/incidents/${open}`, widths: both },
      { name: "incident-postmortem", url: `${page}/incidents/${past}`, widths: both },
      { name: "history", url: `${page}/history`, widths: both },
      { name: "not-found", url: `${page}/nothing-here`, widths: [1280] },
      { name: "mailbox", url: new URL("/", outbox).href, widths: both },
      { name: "mail-update", html: mails.update, widths: mailWidths },
      { name: "mail-postmortem", html: mails.postmortem, widths: mailWidths },
      { name: "mail-confirmation", html: mails.confirmation, widths: mailWidths },
      { name: "confirm", url: `${subscriptions}/confirm/${mails.confirmToken}`, widths: both },
      { name: "unsubscribe", url: `${subscriptions}/unsubscribe/${mails.unsubscribeToken}`, widths: both },
      { name: "page-sign-up", url: `${page}/#follow`, widths: both, act: openForms },
      { name: "check-mailbox", url: page, widths: both, act: signUpByEmail },
      { name: "enter-code", url: page, widths: both, act: signUpBySms },
      { name: "decline", url: links.decline, widths: both },
      { name: "manage-ask", url: `${subscriptions}/manage`, widths: both },
      { name: "manage", url: links.manage, widths: both },
      { name: "manage-wrong", url: links.manage, widths: [390], act: saveNothing },
      { name: "manage-sent", url: `${links.manage}/sent`, widths: both },
      { name: "resubscribe", url: links.resubscribe, widths: both },
      { name: "unsubscribe-invalid", url: `${subscriptions}/unsubscribe/nothing`, widths: [1280] },
    ]);
    await mkdir(join(README_PICTURE, ".."), { recursive: true });
    await copyFile(join(folder, "page-1280-light.png"), README_PICTURE);
    // Posts an incident of its own, so the pictures of the page come first.
    await shootPortal(local.endpoints);
  } finally {
    await local.end("SIGTERM");
    await rm(data, { recursive: true, force: true });
  }
}

async function shootPortal(endpoints: LocalEndpoints): Promise<void> {
  const links = await portalLinks(endpoints);
  const { subscriptions } = endpoints;
  const widths = [1280, 390];
  try {
    await shoot(browser, [
      { name: "portal", url: links.portal, widths },
      { name: "portal-delivery", url: links.portal, widths, act: openFailed },
      { name: "portal-settings", url: links.portal, widths, act: openSettings },
      { name: "portal-done", url: `${links.portal}?done=replay`, widths: [1280] },
      { name: "portal-waiting", url: links.waiting, widths },
      { name: "portal-ask", url: `${subscriptions}/portal`, widths },
      { name: "portal-asked", url: `${subscriptions}/portal`, widths: [390], act: askForLink },
      { name: "confirm-chat", url: links.chat, widths },
      { name: "portal-secret", url: links.portal, widths: [1280], act: changeSecret },
    ]);
  } finally {
    await links.close();
  }
}

async function shoot(chromium: Browser, shots: readonly Shot[]): Promise<void> {
  for (const { name, url, html, widths, act } of shots) {
    for (const width of widths) {
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await chromium.newContext({ viewport: { width, height: 800 }, colorScheme });
        const tab = await context.newPage();
        if (url !== undefined) await tab.goto(url);
        else await tab.setContent(html ?? "");
        await act?.(tab);
        await capture(tab, join(folder, `${name}-${width}-${colorScheme}.png`));
        await context.close();
      }
    }
  }
}

/** A machine with much to do now and then gives the browser no picture; the next try does. */
async function capture(tab: Page, path: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await tab.screenshot({ path, fullPage: true });
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

async function newestIncident(endpoints: LocalEndpoints): Promise<string> {
  const { json } = await callApi(endpoints, "GET", "/incidents");
  const [newest] = z.array(idSchema).parse(json);
  if (newest === undefined) throw new Error("the demo left no incident");
  return newest.id;
}

async function openIncident(endpoints: LocalEndpoints): Promise<string> {
  const components = listSchema.parse((await callApi(endpoints, "GET", "/components")).json);
  const idOf = (name: string) =>
    components.find((component) => component.name === name && component.group !== true)?.id ?? "";
  const opened = await callApi(endpoints, "POST", "/incidents", {
    incident: {
      name: "Uploads through the Web App are slow",
      status: "investigating",
      body: "Uploads take longer than usual and some are cut off. We are looking into it; downloads are not affected.",
      components: { [idOf("Web App")]: "degraded_performance", [idOf("WebDAV")]: "partial_outage" },
    },
  });
  const { id } = idSchema.parse(opened.json);
  await callApi(endpoints, "PATCH", `/incidents/${id}`, {
    incident: {
      status: "identified",
      body: "A storage node answers slowly. We are moving its traffic away; see [our guide](https://example.com/retry) on **resuming uploads**.",
    },
  });
  return id;
}

async function readMails(outbox: string) {
  const sent = async () => {
    const reply = await fetch(outbox, { headers: { accept: "application/json" } });
    return outboxSchema.parse(await reply.json()).emails;
  };
  const find = async (pattern: RegExp) => {
    const look = async () => (await sent()).findLast(({ raw }) => pattern.test(raw.replaceAll("=\r\n", "")));
    const mail = await until(`a mail with ${pattern}`, look, { moving: async () => (await sent()).length });
    const { html } = await simpleParser(mail.raw);
    return { raw: mail.raw.replaceAll("=\r\n", ""), html: typeof html === "string" ? html : "" };
  };
  const update = await find(/storage node/);
  const confirmation = await find(/\/confirm\//);
  return {
    update: update.html,
    postmortem: (await find(/What happened/)).html,
    confirmation: confirmation.html,
    confirmToken: /\/confirm\/([\w.-]+)/.exec(confirmation.raw)?.[1] ?? "",
    unsubscribeToken: /\/unsubscribe\/([\w.-]+)/.exec(update.raw)?.[1] ?? "",
  };
}
