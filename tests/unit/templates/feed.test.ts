import { describe, expect, test } from "vitest";
import { xml2js } from "xml-js";
import { z } from "zod";
import { renderFeeds } from "../../../functions/templates/page/feed.ts";
import { leftovers } from "../../fixtures/leftovers.ts";
import { SITE, seedIncident } from "../../fixtures/seed-incident.ts";
import { awkwardSource, publicPageOf, seedMaintenance } from "../../fixtures/template-sources.ts";

const text = z
  .union([z.object({ _text: z.string() }), z.object({ _cdata: z.union([z.string(), z.array(z.string())]) })])
  .transform((node) => ("_text" in node ? node._text : [node._cdata].flat().join("")));
const link = z.object({ _attributes: z.object({ href: z.string(), rel: z.string().optional() }) });
const entry = z.object({ id: text, title: text, updated: text, published: text, content: text, link });
const atomSchema = z.object({
  feed: z.object({
    id: text,
    title: text,
    updated: text,
    link: z.array(link),
    entry: z.union([entry.transform((one) => [one]), z.array(entry)]).default([]),
  }),
});
const item = z.object({ guid: text, title: text, link: text, pubDate: text, description: text });
const rssSchema = z.object({
  rss: z.object({
    channel: z.object({ title: text, item: z.union([item.transform((one) => [one]), z.array(item)]).default([]) }),
  }),
});

function read(feeds: { atom: string; rss: string }) {
  return {
    atom: atomSchema.parse(xml2js(feeds.atom, { compact: true })).feed,
    rss: rssSchema.parse(xml2js(feeds.rss, { compact: true })).rss.channel,
  };
}

describe("the history feeds", () => {
  const state = seedIncident();
  const { atom, rss } = read(renderFeeds(publicPageOf(state), [state, seedMaintenance()]));

  test("have one entry per incident, with an id that never changes", () => {
    expect(atom.id).toBe("tag:status.example.com,2005:/history");
    expect(atom.entry.map(({ id }) => id)).toEqual([
      "tag:status.example.com,2005:Incident/seedincident",
      "tag:status.example.com,2005:Incident/maintenance1",
    ]);
    expect(rss.item.map(({ guid }) => guid)).toEqual([
      `${SITE.pageUrl}/incidents/seedincident`,
      `${SITE.pageUrl}/incidents/maintenance1`,
    ]);
    const before = read(renderFeeds(publicPageOf(seedIncident(1)), [seedIncident(1)]));
    expect(before.atom.entry[0]?.id).toBe(atom.entry[0]?.id);
  });

  test("date an entry by its newest update", () => {
    expect(atom.entry[0]).toMatchObject({
      title: "Partial Outage of DRACOON",
      updated: "2025-09-09T15:01:00.000Z",
      published: "2025-07-07T10:05:00.000Z",
    });
    expect(rss.item[0]?.pubDate).toBe("Tue, 09 Sep 2025 15:01:00 GMT");
  });

  test("tell its updates newest first, and what was affected", () => {
    for (const content of [atom.entry[0]?.content ?? "", rss.item[0]?.description ?? ""]) {
      expect(content).toMatch(
        /<strong>Postmortem<\/strong>[\s\S]*<strong>Resolved<\/strong>[\s\S]*<strong>Monitoring<\/strong>[\s\S]*<strong>Investigating<\/strong>[\s\S]*This incident affected: API \(/,
      );
      expect(content).toContain("Jul 07, 2025 - 12:05 CEST (10:05 UTC)");
    }
  });

  test("are in the page's language", () => {
    const german = { ...publicPageOf(state), page: { ...state.page, locale: "de" as const } };
    const feeds = renderFeeds(german, [state, seedMaintenance()]);
    expect(read(feeds).atom.title).toBe("Status von DRACOON Cloud: Verlauf der Störungen");
    expect(feeds.rss).toContain("<language>de</language>");
    expect(leftovers(`${feeds.atom}\n${feeds.rss}`.replace(/<(?!!)[^>]*>/g, " "), "en", "de")).toEqual([]);
  });

  test("name where they are themselves", () => {
    expect(atom.link.map(({ _attributes }) => _attributes.href)).toContain(`${SITE.pageUrl}/history.atom`);
  });

  test("hold the 25 newest", () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...state,
      incident: { ...state.incident, id: `feedincide${String(index).padStart(2, "0")}` },
    }));
    const feeds = read(renderFeeds(publicPageOf(state), many));
    expect(feeds.atom.entry).toHaveLength(25);
    expect(feeds.rss.item).toHaveLength(25);
    expect(feeds.atom.entry[0]?.id).toContain("feedincide00");
  });

  test("are XML whatever people write", () => {
    const hostile = `]]><script>&amp; "quotes" \u0000\u000b\ud800 <b>`;
    const source = awkwardSource({ page: hostile, incident: hostile, body: hostile });
    const feeds = read(renderFeeds(publicPageOf(source), [source]));
    expect(feeds.atom.entry[0]?.content).not.toContain("<script");
  });

  test("titles are the name as its reader reads it: as HTML in Atom, as text in RSS", () => {
    const feeds = renderFeeds(publicPageOf(state), [
      awkwardSource({ page: "P", incident: "<img src=x> R&D", body: "" }),
    ]);
    expect(feeds.atom).toContain('<title type="html"><![CDATA[&lt;img src=x&gt; R&amp;D]]></title>');
    expect(read(feeds).rss.item[0]?.title).toBe("<img src=x> R&D");
  });

  test("of a page without incidents are empty", () => {
    const feeds = read(renderFeeds(publicPageOf(state), []));
    expect(feeds.atom.entry).toEqual([]);
    expect(feeds.rss.item).toEqual([]);
  });
});
