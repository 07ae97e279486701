import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { splice } from "../../../functions/core/rendering.ts";
import { composeUpdateEmail, MAIL_LIMIT_BYTES } from "../../../functions/templates/email/update-email.tsx";
import type { UpdateSource } from "../../../functions/templates/update-source.ts";
import { MAIL_FROM, SITE, seedIncident } from "../../fixtures/seed-incident.ts";
import { awkwardSource, seedMaintenance, seedSource } from "../../fixtures/template-sources.ts";

const TOKEN = "1.dracooncloud.e.abcdefghijkl.0123456789abcdefABCD-_";
const UNSUBSCRIBE = `${SITE.subscriptionsUrl}/unsubscribe/${TOKEN}`;

async function sent(source: UpdateSource): Promise<string> {
  const rendering = await composeUpdateEmail(source);
  return splice(rendering, { sender: "status@example.com", address: "reader@example.com", unsubscribe_token: TOKEN });
}

async function read(source: UpdateSource) {
  const raw = await sent(source);
  const parsed = await simpleParser(raw);
  return { raw, parsed, text: parsed.text ?? "", html: String(parsed.html) };
}

describe("the mail of an update", () => {
  test("holds sender and address once, and the token in header, text and HTML", async () => {
    const { slots } = await composeUpdateEmail(seedSource(2));
    expect(slots).toEqual(["unsubscribe_token", "sender", "address", "unsubscribe_token", "unsubscribe_token"]);
  });

  test("carries the headers of list mail that one click ends", async () => {
    const { raw, parsed } = await read(seedSource(2));
    expect(parsed.to).toMatchObject({ text: "reader@example.com" });
    expect(parsed.from?.value).toEqual([{ name: "DRACOON Cloud", address: MAIL_FROM }]);
    const head = raw.slice(0, raw.indexOf("\r\n\r\n")).split("\r\n");
    expect(head).toContain(`List-Unsubscribe: <${UNSUBSCRIBE}>`);
    expect(head).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
    expect(head).toContain("List-ID: <dracooncloud.status.example.com>");
    expect(head).toContain("Auto-Submitted: auto-generated");
    expect(head).toContain("X-Auto-Response-Suppress: All");
    for (const name of ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "References", "In-Reply-To"]) {
      expect(head.filter((line) => line.startsWith(`${name}:`))).toHaveLength(1);
    }
  });

  test("all mails of an incident are one thread", async () => {
    const mails = await Promise.all(([1, 2, 3, 4] as const).map((count) => read(seedSource(count))));
    const roots = mails.map(({ parsed }) => [parsed.subject, parsed.inReplyTo, parsed.references]);
    for (const root of roots) {
      const id = "<incident-seedincident@status.example.com>";
      expect(root).toEqual(["[DRACOON Cloud] Partial Outage of DRACOON", id, id]);
    }
    expect(new Set(mails.map(({ parsed }) => parsed.messageId)).size).toBe(4);
  });

  test("tells the newest update first, then the earlier ones, in both parts", async () => {
    const { text, html } = await read(seedSource(4));
    const { updates } = seedIncident(4);
    const times = [
      "Sep 09, 2025 - 17:01 CEST (15:01 UTC)",
      "Jul 07, 2025 - 13:10 CEST (11:10 UTC)",
      "Jul 07, 2025 - 12:59 CEST (10:59 UTC)",
      "Jul 07, 2025 - 12:05 CEST (10:05 UTC)",
    ];
    for (const part of [text, html]) {
      const places = times.map((time) => part.indexOf(time));
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(places[0]).toBeGreaterThan(0);
      expect(part).toContain("This incident affected: API (API (group 01), API (group 02)");
      expect(part).toContain(`${SITE.pageUrl}/incidents/seedincident`);
      expect(part).toContain(UNSUBSCRIBE);
      for (const update of updates.slice(0, 3)) expect(part).toContain(update.body.slice(0, 40));
    }
    expect(html).toContain("<strong>automatically</strong>");
    expect(text).toContain("1. Capacity follows traffic automatically.");
  });

  test("tells a maintenance's times and what it affects", async () => {
    const state = seedMaintenance();
    const [update] = state.updates;
    if (update === undefined) throw new Error("one update");
    const { text, html } = await read({ ...state, update, site: SITE });
    for (const part of [text, html]) {
      expect(part).toContain("Jul 10, 2025 - 22:00 CEST (20:00 UTC)");
      expect(part).toContain("Jul 11, 2025 - 00:30 CEST (Jul 10, 2025 - 22:30 UTC)");
      expect(part).toContain("2 h 30 min");
      expect(part).toContain("Web App");
    }
  });

  test("is told whole when the postmortem was taken back before it was sent", async () => {
    const source = seedSource(4);
    const { text } = await read({ ...source, incident: { ...source.incident, postmortem: null } });
    expect(text).toContain("Postmortem - Sep 09, 2025");
  });

  test("shows hostile names and bodies as text", async () => {
    const hostile = '<img src=x onerror=alert(1)>"><script>alert(1)</script>';
    const { html, text } = await read(awkwardSource({ page: hostile, incident: hostile, body: hostile }));
    expect(html).not.toMatch(/<(?:img|script)/i);
    expect(text).toContain(hostile);
  });

  test("gains no header from a name, and no second recipient", async () => {
    const evil = "Outage\r\nBcc: victim@example.com\r\nX-Evil: 1";
    const { parsed } = await read(awkwardSource({ page: evil, incident: evil }));
    expect(parsed.bcc).toBeUndefined();
    expect(parsed.headers.has("x-evil")).toBe(false);
    const shown = "Outage Bcc: victim@example.com X-Evil: 1";
    expect(parsed.subject).toBe(`[${shown}] ${shown}`);
  });

  test("says Störung 🚨 as it was written", async () => {
    const { raw, parsed, text } = await read(awkwardSource({ incident: "Störung 🚨 „Upload“", body: "Größe: ½ €" }));
    expect(raw).toMatch(/^[\t\r\n\x20-\x7e]*$/);
    expect(parsed.subject).toBe("[DRACOON Cloud] Störung 🚨 „Upload“");
    expect(text).toContain("Größe: ½ €");
  });
});

describe("a long incident's mail", () => {
  function longSource(count: number, body: string): UpdateSource {
    const source = seedSource(1);
    const updates = Array.from({ length: count }, (_, index) => ({
      ...source.update,
      id: `longupdate${String(index + 1).padStart(2, "0")}`,
      seq: index + 1,
      opens: index === 0,
      displayAt: source.update.displayAt + index * 60_000,
      body: `Update number ${index + 1}. ${body}`,
    }));
    const update = updates.at(-1);
    if (update === undefined) throw new Error("at least one");
    return { ...source, updates, update };
  }

  test("leaves out the oldest updates and links to them", async () => {
    const { raw, text, html } = await read(longSource(35, "All work and no play. ".repeat(60)));
    expect(raw.length).toBeLessThan(MAIL_LIMIT_BYTES);
    expect(raw.length).toBeGreaterThan(MAIL_LIMIT_BYTES / 2);
    expect(text).toContain("Update number 35.");
    expect(text).not.toContain("Update number 1.");
    expect(text).toMatch(/\d+ older updates are on the page: https:\/\/status\.example\.com\/incidents\/seedincident/);
    expect(html).toMatch(/\d+ older updates are on the page:/);
  });

  test.each([
    ["letters", "word ".repeat(4_990)],
    ["emoji", "🚨🔥 ".repeat(4_990)],
    ["one word", "ü".repeat(24_900)],
    ["Markdown", "- **a** [b](https://c.example/d)\n".repeat(750)],
  ])("shortens a single text too long: %s", async (_, body) => {
    const { raw, text, html } = await read(longSource(1, body));
    expect(raw.length).toBeLessThan(MAIL_LIMIT_BYTES);
    expect(text).toContain("Update number 1.");
    expect(html).toContain("Read the whole update");
    for (const line of raw.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
  });
});
