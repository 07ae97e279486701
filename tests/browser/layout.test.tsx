import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { simpleParser } from "mailparser";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Incident } from "../../functions/core/incident.ts";
import { splice } from "../../functions/core/rendering.ts";
import { composeUpdateEmail } from "../../functions/templates/email/update-email.tsx";
import { renderHistoryPage } from "../../functions/templates/page/page-history.tsx";
import { renderIncidentPage } from "../../functions/templates/page/page-incident.tsx";
import { renderIndexPage } from "../../functions/templates/page/page-index.tsx";
import type { PublicPage } from "../../functions/templates/public-page.ts";
import { hasChromium, launchChromium } from "../fixtures/chromium.ts";
import { SIGN_UP, seedIncident } from "../fixtures/seed-incident.ts";
import { publicPageOf, seedSource } from "../fixtures/template-sources.ts";

const NOW = Date.parse("2025-07-08T10:00:00Z");
/** Names that people have given things, and the longest that there can be. */
const NAMES = {
  "a long German word": "Datenschutzgrundverordnungsbeauftragtenbenachrichtigung verzögert",
  "255 letters without a space": "W".repeat(255),
  "an address": `https://example.com/${"path/".repeat(40)}`,
  Arabic: "الخدمة غير متاحة حاليا لبعض العملاء",
  Thai: "ระบบการชำระเงินไม่สามารถใช้งานได้ชั่วคราวสำหรับลูกค้าบางราย",
};
const WIDE = `\`\`\`\n${"x".repeat(300)}\n\`\`\`\n\n| ${"a | ".repeat(12)}\n|${"---|".repeat(12)}\n| ${"word | ".repeat(12)}`;

/** Everything on the page is called so. */
function named(name: string): {
  source: PublicPage;
  incident: Incident;
  updates: ReturnType<typeof seedIncident>["updates"];
} {
  const state = seedIncident(1);
  const catalog = {
    ...state.catalog,
    groups: state.catalog.groups.map((group) => ({ ...group, name })),
    components: state.catalog.components.map((component) => ({ ...component, name, description: name })),
  };
  const updates = state.updates.map((update) => ({ ...update, body: `${name}\n\n${WIDE}`, incidentName: name }));
  const source = { ...publicPageOf({ page: { ...state.page, name }, catalog }), signUp: SIGN_UP };
  return { source, incident: { ...state.incident, name }, updates };
}

function documents(name: string): Record<string, string> {
  const { source, incident, updates } = named(name);
  return {
    index: renderIndexPage({ ...source, unresolved: [{ incident, updates }], recent: [], changedAt: NOW, now: NOW }),
    incident: renderIncidentPage(source, { incident, updates }),
    history: renderHistoryPage(source, [incident]),
  };
}

const boxesSchema = z.array(z.object({ text: z.string(), left: z.number(), right: z.number(), width: z.number() }));

/** Where what matches stands, folded groups opened. */
async function boxesOf(page: Page, selector: string) {
  return boxesSchema.parse(
    await page.evaluate(`(() => {
      for (const details of document.querySelectorAll("details")) details.open = true;
      return [...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return { text: element.textContent, left, right, width };
      });
    })()`),
  );
}

describe.skipIf(!hasChromium)("with names of every kind", () => {
  let browser: Browser;
  let axe = "";
  beforeAll(async () => {
    browser = await launchChromium();
    axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
  });
  afterAll(() => browser?.close());

  describe.each([320, 390, 1280])("at %i pixels", (width) => {
    test.each(Object.entries(NAMES))(
      "%s: nothing is clipped, and no name is stacked letter by letter",
      async (_, name) => {
        const context = await browser.newContext({ viewport: { width, height: 800 } });
        const page = await context.newPage();
        for (const [which, html] of Object.entries(documents(name))) {
          await page.setContent(html);
          const states = await boxesOf(page, ".chip, .state-text, .banner");
          for (const { text, left, right } of states) {
            expect([which, text, left >= 0 && right <= width + 0.5]).toEqual([which, text, true]);
          }
          for (const { text, width: room } of await boxesOf(page, ".row .name, .report-list a, h1, h3")) {
            expect([which, text, room >= 120]).toEqual([which, text, true]);
          }
          const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
          expect([which, overflow]).toEqual([which, 0]);
        }
        await context.close();
      },
    );
  });

  test("what is scrolled by itself can be reached with the keys", async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 800 }, bypassCSP: true });
    const page = await context.newPage();
    await page.setContent(documents("Uploads fail").incident ?? "");
    await page.evaluate(axe);
    const result = z.object({ passed: z.array(z.string()), failed: z.array(z.string()) }).parse(
      await page.evaluate(`axe.run(document, { runOnly: ["scrollable-region-focusable"] }).then(({ passes, violations }) => ({
        passed: passes.map(({ id }) => id), failed: violations.map(({ id }) => id) }))`),
    );
    await context.close();
    expect(result).toEqual({ passed: ["scrollable-region-focusable"], failed: [] });
  });

  test("a wide table in a mail is scrolled by itself, its columns no letter wide", async () => {
    const context = await browser.newContext({ viewport: { width: 360, height: 800 } });
    const page = await context.newPage();
    const source = seedSource(1);
    const update = { ...source.update, body: WIDE };
    const rendering = await composeUpdateEmail({ ...source, update, updates: [update] });
    const raw = splice(rendering, {
      sender: "status@example.com",
      address: "reader@example.com",
      unsubscribe_token: "1.dracooncloud.e.x.y",
    });
    await page.setContent(String((await simpleParser(raw)).html));
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    const cells = await boxesOf(page, ".prose td:not(:empty)");
    await context.close();
    expect(overflow).toBe(0);
    expect(cells.map(({ width }) => width >= 30)).toEqual(cells.map(() => true));
  });

  test("text from right to left stands on the right", async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.setContent(documents(NAMES.Arabic).incident ?? "");
    const directions = z
      .array(z.string())
      .parse(
        await page.evaluate(
          `[...document.querySelectorAll("main h1, .prose > p")].map((element) => getComputedStyle(element).direction)`,
        ),
      );
    await context.close();
    expect(directions).toEqual(["rtl", "rtl"]);
  });
});
