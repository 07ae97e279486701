import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { NO_BRANDING } from "../../functions/core/page.ts";
import { splice } from "../../functions/core/rendering.ts";
import { renderConfirmationMail } from "../../functions/templates/email/confirmation-email.tsx";
import { composeUpdateEmail } from "../../functions/templates/email/update-email.tsx";
import { renderFeeds } from "../../functions/templates/page/feed.ts";
import { renderHistoryPage } from "../../functions/templates/page/page-history.tsx";
import { renderIncidentPage } from "../../functions/templates/page/page-incident.tsx";
import { renderIndexPage } from "../../functions/templates/page/page-index.tsx";
import { renderNotFoundPage } from "../../functions/templates/page/page-not-found.tsx";
import { hasChromium, launchChromium } from "../fixtures/chromium.ts";
import { afterTheFile } from "../fixtures/clean-up.ts";
import { everyMail, MAIL_KINDS, type MailKindName } from "../fixtures/every-mail.ts";
import { MAIL_FROM, SITE, seedIncident } from "../fixtures/seed-incident.ts";
import { publicPageOf, seedMaintenance, seedSource } from "../fixtures/template-sources.ts";

const NOW = Date.parse("2025-07-08T10:00:00Z");

async function updateMail(updateCount: 1 | 2 | 3 | 4): Promise<string> {
  const rendering = await composeUpdateEmail(seedSource(updateCount));
  const raw = splice(rendering, {
    sender: "status@example.com",
    address: "reader@example.com",
    unsubscribe_token: "1.dracooncloud.e.x.y",
  });
  return String((await simpleParser(raw)).html);
}

async function confirmationMail(): Promise<string> {
  const raw = await renderConfirmationMail({
    pageName: "DRACOON Cloud",
    branding: NO_BRANDING,
    pageUrl: SITE.pageUrl,
    locale: "en",
    to: "reader@example.com",
    mailFrom: MAIL_FROM,
    confirmUrl: `${SITE.subscriptionsUrl}/confirm/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE`,
    declineUrl: `${SITE.subscriptionsUrl}/decline/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE`,
  });
  return String((await simpleParser(raw)).html);
}

async function germanMail(kind: MailKindName): Promise<string> {
  const raw = await everyMail(kind, "de", { logoUrl: null, colour: "#0b1f3a" });
  return String((await simpleParser(raw, { skipTextToHtml: true })).html);
}

function index(updateCount: 1 | 2 | 3 | 4, unresolved: ReturnType<typeof seedIncident>[]): string {
  const state = seedIncident(updateCount);
  const recent = updateCount < 3 ? [] : [state];
  return renderIndexPage({ ...publicPageOf(state), unresolved, recent, changedAt: NOW, now: NOW });
}

const DOCUMENTS: Record<string, () => Promise<string> | string> = {
  "index during an incident": () => index(1, [seedIncident(1), seedMaintenance()]),
  "index when it is over": () => index(4, []),
  incident: () => renderIncidentPage(publicPageOf(seedIncident()), seedIncident()),
  history: () => renderHistoryPage(publicPageOf(seedIncident()), [seedIncident().incident, seedMaintenance().incident]),
  "page not found": () => renderNotFoundPage(publicPageOf(seedIncident())),
  "index in German, with a brand": () => {
    const state = seedIncident(1);
    const page = { ...state.page, locale: "de" as const, branding: { logoUrl: null, colour: "#f6bd3a" } };
    return renderIndexPage({
      ...publicPageOf({ ...state, page }),
      unresolved: [state],
      recent: [],
      changedAt: NOW,
      now: NOW,
    });
  },
  "mail that opens": () => updateMail(1),
  "mail of a postmortem": () => updateMail(4),
  "mail to confirm": confirmationMail,
  ...Object.fromEntries(
    MAIL_KINDS.map((kind) => [`mail ${kind} in German, with a brand`, () => germanMail(kind)] as const),
  ),
};

const resultSchema = z.object({
  passed: z.array(z.string()),
  violations: z.array(z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.string()) })),
});

describe.skipIf(!hasChromium)("in a real browser", () => {
  let browser: Browser;
  let axe = "";
  const later = afterTheFile();
  beforeAll(async () => {
    browser = await launchChromium();
    later(() => browser.close());
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  });

  describe.each(["light", "dark"] as const)("in the %s scheme", (colorScheme) => {
    test.each(Object.keys(DOCUMENTS))("%s has no serious fault of access", async (name) => {
      const html = (await DOCUMENTS[name]?.()) ?? "";
      const context = await browser.newContext({ colorScheme, bypassCSP: true });
      const page = await context.newPage();
      await page.setContent(html);
      await page.evaluate(axe);
      const { passed, violations } = resultSchema.parse(
        await page.evaluate(`axe.run(document).then(({ passes, violations }) => ({
          passed: passes.map(({ id }) => id),
          violations: violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => html) })),
        }))`),
      );
      await context.close();
      expect(passed).toContain("color-contrast");
      const isFault = ({ id, impact }: (typeof violations)[number]) =>
        impact === "serious" || impact === "critical" || (id === "heading-order" && !name.startsWith("mail"));
      expect(violations.filter(isFault)).toEqual([]);
    });
  });

  test.each(Object.keys(DOCUMENTS))("%s fits a screen of 360 pixels", async (name) => {
    const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
    const page = await context.newPage();
    await page.setContent((await DOCUMENTS[name]?.()) ?? "");
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    await context.close();
    expect(overflow).toBe(0);
  });

  test("the pages keep to their own policy and ask for nothing", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith("data:")) asked.push(request.url());
    });
    page.on("console", (message) => complaints.push(message.text()));
    for (const document of Object.values(DOCUMENTS).slice(0, 5)) await page.setContent(await document());
    const colour = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    await context.close();
    expect({ asked, complaints }).toEqual({ asked: [], complaints: [] });
    expect(colour).toBe("rgb(246, 247, 249)");
  });

  test("the feeds are XML to a browser", async () => {
    const page = await browser.newPage();
    const { atom, rss } = renderFeeds(publicPageOf(seedIncident()), [seedIncident(), seedMaintenance()]);
    for (const [xml, entries] of [
      [atom, "entry"],
      [rss, "item"],
    ] as const) {
      const counted = await page.evaluate(
        `(() => { const xml = new DOMParser().parseFromString(${JSON.stringify(xml)}, "application/xml");
          return [xml.querySelectorAll("parsererror").length, xml.querySelectorAll("${entries}").length]; })()`,
      );
      expect(counted).toEqual([0, 2]);
    }
    await page.close();
  });
});
