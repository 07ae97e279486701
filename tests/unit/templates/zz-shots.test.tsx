import { writeFileSync } from "node:fs";
import { simpleParser } from "mailparser";
import { test } from "vitest";
import { splice } from "../../../functions/core/rendering.ts";
import { renderConfirmationMail } from "../../../functions/templates/confirmation-email.tsx";
import { renderHistoryPage } from "../../../functions/templates/page-history.tsx";
import { renderIncidentPage } from "../../../functions/templates/page-incident.tsx";
import { renderIndexPage } from "../../../functions/templates/page-index.tsx";
import { renderNotFoundPage } from "../../../functions/templates/page-not-found.tsx";
import { composeUpdateEmail } from "../../../functions/templates/update-email.tsx";
import { launchChromium } from "../../fixtures/chromium.ts";
import { MAIL_FROM, SITE, seedIncident } from "../../fixtures/seed-incident.ts";

test("shots", async () => {
  const src = (n: 1 | 2 | 3 | 4) => {
    const s = seedIncident(n);
    return { s, source: { page: s.page, catalog: s.catalog, pageUrl: SITE.pageUrl } };
  };
  const now = Date.parse("2025-07-08T10:00:00Z");
  const one = src(2),
    done = src(4),
    three = src(3),
    first = src(1);
  const files: Record<string, string> = {
    indexopen: renderIndexPage({ ...first.source, unresolved: [first.s], recent: [], now }),
    indexmon: renderIndexPage({ ...one.source, unresolved: [one.s], recent: [], now }),
    indexpast: renderIndexPage({ ...done.source, unresolved: [], recent: [done.s], now }),
    indexcalm: renderIndexPage({ ...done.source, unresolved: [], recent: [], now }),
    incident: renderIncidentPage(done.source, done.s),
    history: renderHistoryPage(done.source, [
      done.s.incident,
      {
        ...three.s.incident,
        id: "abcabcabcabc",
        name: "Slow sign-in",
        impact: "minor",
        startedAt: three.s.incident.startedAt - 86400000 * 20,
        resolvedAt: three.s.incident.startedAt - 86400000 * 20 + 3600000 * 5,
      },
    ]),
    notfound: renderNotFoundPage(done.source),
  };
  const browser = await launchChromium();
  for (const [name, html] of Object.entries(files)) {
    writeFileSync(`/tmp/shots/${name}.html`, html);
    for (const width of [1280, 390])
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
        const page = await context.newPage();
        await page.setContent(html);
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        if (over !== 0) console.log(name, width, "overflow", over);
        await page.screenshot({ path: `/tmp/shots/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
  }
  const mails: Record<string, string> = {};
  for (const n of [1, 2, 4] as const) {
    const { s } = src(n);
    const rendering = await composeUpdateEmail({ ...s, update: s.updates.at(-1)!, site: SITE, from: MAIL_FROM });
    mails[`mail${n}`] = splice(rendering, {
      address: "reader@example.com",
      unsubscribe_token: "1.dracooncloud.e.abcdefghijkl.0123456789abcdefABCDEF",
    });
  }
  mails.confirm = await renderConfirmationMail({
    pageName: "DRACOON Cloud",
    pageUrl: SITE.pageUrl,
    to: "reader@example.com",
    mailFrom: MAIL_FROM,
    confirmUrl: `${SITE.subscriptionsUrl}/confirm/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG`,
  });
  for (const [name, raw] of Object.entries(mails)) {
    writeFileSync(`/tmp/shots/${name}.eml`, raw);
    const parsed = await simpleParser(raw);
    writeFileSync(`/tmp/shots/${name}.txt`, parsed.text ?? "");
    for (const width of [600, 360])
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await browser.newContext({ viewport: { width, height: 600 }, colorScheme });
        const page = await context.newPage();
        await page.setContent(String(parsed.html));
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        if (over !== 0) console.log(name, width, "overflow", over);
        await page.screenshot({ path: `/tmp/shots/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await context.close();
      }
  }
  await browser.close();
}, 120_000);
