import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Incident } from "../../../functions/core/incident.ts";
import { markdownToHtml } from "../../../functions/templates/markdown.ts";
import { renderHistoryPage } from "../../../functions/templates/page/page-history.tsx";
import { renderIncidentPage } from "../../../functions/templates/page/page-incident.tsx";
import { type IndexSource, renderIndexPage } from "../../../functions/templates/page/page-index.tsx";
import { renderNotFoundPage } from "../../../functions/templates/page/page-not-found.tsx";
import { leftovers } from "../../fixtures/leftovers.ts";
import { SIGN_UP, seedIncident } from "../../fixtures/seed-incident.ts";
import { awkwardSource, publicPageOf, seedMaintenance } from "../../fixtures/template-sources.ts";

const NOW = Date.parse("2025-07-08T10:00:00Z");

function indexOf(updateCount: 1 | 2 | 3 | 4, more: Partial<IndexSource> = {}): string {
  const state = seedIncident(updateCount);
  const isOpen = updateCount < 3;
  return renderIndexPage({
    ...publicPageOf(state),
    unresolved: isOpen ? [state] : [],
    recent: isOpen ? [] : [state],
    changedAt: state.page.updatedAt,
    now: NOW,
    ...more,
  });
}

/** What a reader sees, in one line. */
function visible(html: string): string {
  const body = html.slice(html.indexOf("<body>"));
  return body
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

const everyPage: [string, string][] = [
  ["the index", indexOf(1)],
  ["an incident", renderIncidentPage(publicPageOf(seedIncident()), seedIncident())],
  ["the history", renderHistoryPage(publicPageOf(seedIncident()), [seedIncident().incident])],
  ["page not found", renderNotFoundPage(publicPageOf(seedIncident()))],
];

describe.each(everyPage)("%s", (_, html) => {
  test("runs nothing and loads nothing", () => {
    expect(html).not.toMatch(/<script|<img|<iframe|<object|\son[a-z]+=|\sstyle=|@import|url\(/i);
    expect(html).not.toMatch(/<link rel="(?:stylesheet|preload|icon)" href="(?!data:)/);
  });

  test("has a policy that allows its one style and nothing else", () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replaceAll("&#39;", "'");
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
  });

  test("says its language and has one h1, one main and landmarks around it", () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    for (const tag of ["h1", "main", 'header class="top"', "footer", "nav"]) {
      expect(html.split(`<${tag}`)).toHaveLength(2);
    }
  });
});

describe("in German", () => {
  const german = (state: ReturnType<typeof seedIncident>) => ({
    ...publicPageOf(state),
    page: { ...state.page, locale: "de" as const },
  });
  const [open, over] = [seedIncident(1), seedIncident(4)];
  const index = (state: ReturnType<typeof seedIncident>, more: Partial<IndexSource>) =>
    renderIndexPage({
      ...german(state),
      unresolved: [],
      recent: [],
      changedAt: state.page.updatedAt,
      now: NOW,
      ...more,
    });
  const pages: [string, string][] = [
    ["the index during an incident", index(open, { unresolved: [open, seedMaintenance()] })],
    ["the index when it is over", index(over, { recent: [over] })],
    ["the index of a new page", index(over, {})],
    ["an incident", renderIncidentPage(german(over), over)],
    ["the history", renderHistoryPage(german(over), [over.incident, seedMaintenance().incident])],
    ["an empty history", renderHistoryPage(german(over), [])],
    ["page not found", renderNotFoundPage(german(over))],
  ];

  test.each(pages)("%s says so and has nothing English left", (_, html) => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="de">/);
    const head = [...html.matchAll(/(?:content|title|aria-label)="([^"]*)"|<title>([^<]*)/g)].map(([, a, b]) => a ?? b);
    expect(leftovers(`${visible(html)}\n${head.join("\n")}`, "en", "de")).toEqual([]);
  });

  test("tells how things are and when", () => {
    const text = visible(index(open, { unresolved: [open] }));
    expect(text).toMatch(
      /Kleinere Störung 1 aktuelle Störung · Letzte Änderung: 7\. Juli 2025, 13:10 MESZ \(11:10 UTC\)/,
    );
    expect(text).toContain("9 von 9 betroffen Teilausfall");
  });
});

describe("with a brand", () => {
  const branding = { logoUrl: "https://cdn.example.com/logo.png?v=2", colour: "#f6bd3a" };
  const state = seedIncident(4);
  const source = { ...publicPageOf(state), page: { ...state.page, branding } };
  const html = renderIncidentPage(source, state);

  test("the header has its colour, with text that can be read on it, by the page's own policy", () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
    expect(style).toContain(".branded { background: #f6bd3a; color: #000000; }");
    expect(html).toContain(createHash("sha256").update(style).digest("base64"));
    expect(html).not.toMatch(/\sstyle=/);
  });

  test("the logo stands for the name, and the policy lets its origin in and no other", () => {
    expect(html).toMatch(/<img class="logo" src="https:\/\/cdn\.example\.com\/logo\.png\?v=2" alt="DRACOON Cloud"/);
    expect(html).toContain("img-src data: https://cdn.example.com;");
  });
});

describe("the index", () => {
  test("says how things are, then what is open, then the components", () => {
    const text = visible(indexOf(1));
    expect(text).toMatch(
      /DRACOON Cloud .* Minor Service Outage 1 open incident .* Open incidents Partial Outage of DRACOON Investigating .* Components API 9 of 9 affected Partial outage API \(group 01\)/,
    );
  });

  test("folds a group while all in it is well, and opens it otherwise", () => {
    expect(indexOf(1)).toContain("<details open>");
    expect(indexOf(3)).toContain("<details>");
  });

  test("hides what is only shown when degraded", () => {
    const state = seedIncident(3);
    const components = state.catalog.components.map((one) => ({ ...one, onlyShowIfDegraded: one.name === "DATEV" }));
    const catalog = { ...state.catalog, components };
    expect(indexOf(3, { catalog })).not.toContain("DATEV");
  });

  test("tells of the last 14 days and of nothing older, in words that stay true", () => {
    expect(visible(indexOf(3))).toContain("Jul 07, 2025 Partial Outage of DRACOON Jul 07, 2025 - 12:05 to 13:10 CEST");
    const later = visible(indexOf(3, { now: NOW + 20 * 86_400_000 }));
    expect(later).not.toContain("Partial Outage of DRACOON");
    expect(later).toContain("No incident reported since Jul 14, 2025.");
  });

  test("does not claim that nothing happened while an incident is open", () => {
    expect(visible(indexOf(1))).toContain("No other incident since Jun 24, 2025.");
  });

  test("announces a maintenance with its span", () => {
    const text = visible(indexOf(3, { unresolved: [seedMaintenance()] }));
    expect(text).toContain("Scheduled maintenance Database upgrade");
    expect(text).toContain("Jul 10, 2025 - 22:00 to Jul 11, 2025 - 00:30 CEST (20:00 to 22:30 UTC)");
    expect(text).toContain("This scheduled maintenance affects: Web App.");
  });
});

describe("the index while something is open that no component shows", () => {
  const state = seedIncident(4);
  const withOpen = (changes: Partial<Incident>) => {
    const incident: Incident = {
      ...state.incident,
      status: "investigating",
      postmortem: null,
      affected: {},
      ...changes,
    };
    return indexOf(4, { unresolved: [{ incident, updates: state.updates.slice(0, 1) }], recent: [] });
  };
  const told = (html: string) =>
    [...html.matchAll(/<title>([^<]*)|(?:og:title|og:description|name="description")" content="([^"]*)"/g)]
      .map(([, title, content]) => title ?? content)
      .join("\n");

  test.each([
    ["critical", "Critical incident", "critical"],
    ["major", "Major incident", "major"],
    ["minor", "Minor incident", "minor"],
    ["none", "An incident is open", "calm"],
  ] as const)("with the impact %s says so, everywhere", (impact, words, tone) => {
    const html = withOpen({ impact });
    expect(html).toContain(`<div class="banner tone-${tone}"`);
    expect(html).toContain(`<p class="state">${words}</p>`);
    expect(told(html)).toContain(`${words} · DRACOON Cloud Status`);
    expect(told(html)).toContain(`${words}. Current status`);
    expect(html).not.toContain("All Systems Operational");
    expect(html).not.toContain("%2312805c");
  });

  test("a maintenance that is only announced leaves it green", () => {
    const html = indexOf(4, { unresolved: [seedMaintenance()], recent: [] });
    expect(html).toContain("All Systems Operational");
    expect(told(html)).toContain("DRACOON Cloud Status");
  });
});

describe("what was affected", () => {
  test("is told in the present while it is open, in the past afterwards", () => {
    expect(visible(indexOf(1))).toContain("This incident affects: API (");
    const [open, over] = [seedIncident(1), seedIncident(3)];
    expect(renderIncidentPage(publicPageOf(open), open)).toContain("This incident affects: ");
    expect(renderIncidentPage(publicPageOf(over), over)).toContain("This incident affected: ");
  });
});

describe("text from right to left", () => {
  test("is set by its own direction, block by block", () => {
    const name = "الخدمة غير متاحة";
    const source = awkwardSource({ page: name, incident: name, body: `${name}\n\nSee https://example.com` });
    const state = { ...source, updates: [source.update] };
    const page = renderIncidentPage(publicPageOf(source), state);
    const index = renderIndexPage({
      ...publicPageOf(source),
      unresolved: [state],
      recent: [],
      changedAt: NOW,
      now: NOW,
    });
    const history = renderHistoryPage(publicPageOf(source), [source.incident]);
    expect(page).toContain(`<h1 dir="auto">${name}</h1>`);
    expect(page).toContain(`<p dir="auto">${name}</p>`);
    expect(markdownToHtml(`- ${name}\n- one\n\n> ${name}`)).toMatch(/^<ul dir="rtl">[\s\S]*<blockquote dir="rtl">/);
    expect(markdownToHtml(`- one\n- ${name}`)).toMatch(/^<ul>/);
    expect(index).toMatch(new RegExp(`<h1 class="brand brand-title" dir="auto">${name}`));
    for (const html of [index, history]) expect(html).toMatch(new RegExp(`dir="auto">(?:<a [^>]*>)?${name}</`));
  });
});

describe("an incident's page", () => {
  const state = seedIncident();
  const html = renderIncidentPage(publicPageOf(state), state);

  test("tells every update, newest first, with label and time in both zones", () => {
    const labels = [...html.matchAll(/<h2 class="label">([^<]*)<\/h2>/g)].map(([, label]) => label);
    expect(labels).toEqual(["Postmortem", "Resolved", "Monitoring", "Investigating"]);
    expect(html).toContain(
      '<time datetime="2025-07-07T12:05:00.000+02:00">Jul 07, 2025 - 12:05 CEST (10:05 UTC)</time>',
    );
    expect(html).toContain("<h3>What happened</h3>");
    expect(visible(html)).toContain("Jul 07, 2025 - 12:05 to 13:10 CEST, 1 h 5 min in all");
  });

  test("is described by its state, and by its last words if there are any", () => {
    const description = (one: typeof state) =>
      /name="description" content="([^"]*)"/.exec(renderIncidentPage(publicPageOf(one), one))?.[1];
    const open = seedIncident(1);
    expect(description(open)).toMatch(/^Investigating: \w/);
    const silent = open.updates.map((update) => ({ ...update, body: " \n" }));
    expect(description({ ...open, updates: silent })).toBe("Investigating");
  });

  test("ends with what was affected", () => {
    expect(visible(html)).toContain(
      "This incident affected: API (API (group 01), API (group 02), API (group 03), API (group 04), API (group 05), API (group 06), API (group 07), API (group 08), API (group 09)) and Authentication, Web App, Branding, WebDAV, Signing, Virus protection, Webhooks, DATEV.",
    );
  });

  test("offers to hear of it by what it is", () => {
    const [incident, maintenance] = [seedIncident(1), seedMaintenance()];
    const words = (one: typeof incident) => visible(renderIncidentPage({ ...publicPageOf(one), signUp: SIGN_UP }, one));
    expect(words(incident)).toContain("Subscribe to this incident");
    expect(words(maintenance)).toContain("Subscribe to this maintenance");
    expect(words(maintenance)).not.toContain("this incident");
  });

  test("shows hostile names and bodies as text", () => {
    const hostile = `"><script>alert(1)</script><style>*{display:none}</style>`;
    const source = awkwardSource({ page: hostile, incident: hostile, body: hostile });
    const page = renderIncidentPage(publicPageOf(source), source);
    expect(page).not.toContain("<script");
    expect(page.split("<style")).toHaveLength(2);
    expect(page).not.toContain('content=""&gt;');
    expect(page).toContain('<h1 dir="auto">&quot;>&lt;script>alert(1)&lt;/script>');
  });
});

describe("the history", () => {
  test("goes by month, newest first, a maintenance in the month it happens in", () => {
    const { incident } = seedIncident();
    const april: Incident = {
      ...incident,
      id: "aprilincide1",
      name: "Slow sign-in",
      startedAt: Date.parse("2025-03-31T22:30:00Z"),
    };
    const august = seedMaintenance().incident;
    const moved: Incident = {
      ...august,
      schedule: august.schedule && { ...august.schedule, scheduledFor: Date.parse("2025-08-01T00:00:00Z") },
    };
    const text = visible(renderHistoryPage(publicPageOf(seedIncident()), [april, incident, moved]));
    expect(text).toMatch(
      /August 2025 Database upgrade .* July 2025 Partial Outage of DRACOON .* April 2025 Slow sign-in/,
    );
  });

  test("of a page without incidents says so", () => {
    expect(renderHistoryPage(publicPageOf(seedIncident()), [])).toContain("No incident has been reported yet.");
  });
});
