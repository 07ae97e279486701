import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { LOCALES, type Locale } from "../../../functions/core/locale.ts";
import { MAIL_LIMIT_BYTES } from "../../../functions/templates/email/update-email.tsx";
import { everyMail, MAIL_KINDS } from "../../fixtures/every-mail.ts";
import { leftovers } from "../../fixtures/leftovers.ts";
import { SITE } from "../../fixtures/seed-incident.ts";

const BRANDING = { logoUrl: "https://cdn.example.com/logo.png", colour: "#0b1f3a" };

const every = LOCALES.flatMap((locale) => MAIL_KINDS.map((kind) => ({ kind, locale })));

async function read(raw: string) {
  const parsed = await simpleParser(raw, { skipTextToHtml: true });
  return { parsed, text: parsed.text ?? "", html: String(parsed.html) };
}

/** RFC 6376, section 3.4.2: what DKIM's relaxed form leaves of the headers. */
function relaxedHeaders(raw: string): string[] {
  return raw
    .slice(0, raw.indexOf("\r\n\r\n"))
    .replace(/\r\n(?=[ \t])/g, "")
    .split("\r\n")
    .map((line) => {
      const colon = line.indexOf(":");
      const value = line
        .slice(colon + 1)
        .replace(/[ \t]+/g, " ")
        .trim();
      return `${line.slice(0, colon).trimEnd().toLowerCase()}:${value}`;
    });
}

/** As a relay might fold them anew: at every space, which DKIM's relaxed form must not see. */
function refolded(raw: string): string {
  const end = raw.indexOf("\r\n\r\n");
  const unfolded = raw.slice(0, end).replace(/\r\n(?=[ \t])/g, "");
  const folded = unfolded.split("\r\n").map((line) => line.replace(/(?<=: ?\S+) +/g, "\r\n\t "));
  return folded.join("\r\n") + raw.slice(end);
}

describe.each(every)("the mail $kind in $locale", ({ kind, locale }) => {
  test("parses: one reader, one sender, a subject, a text and an HTML part that say the same", async () => {
    const { parsed, text, html } = await read(await everyMail(kind, locale));
    expect(parsed.to).toMatchObject({ text: "reader@example.com" });
    expect(parsed.from?.value).toEqual([{ name: "DRACOON Cloud", address: "status@example.com" }]);
    expect(parsed.subject).not.toBe("");
    expect(parsed.headers.get("auto-submitted")).toBe("auto-generated");
    expect(html).toContain(`<html lang="${locale}">`);
    const addresses = (part: string) => new Set(part.match(/https:\/\/[\w./-]*[\w/-]/g));
    // Every address of the text is one to click on in the HTML, and no other is.
    expect([...addresses(html)].sort()).toEqual([...addresses(text)].sort());
    for (const part of [text, html]) expect(part).not.toMatch(/undefined|\[object|\bnull\b|NaN/);
  });

  test("has no address in its text that punctuation follows", async () => {
    const { text } = await read(await everyMail(kind, locale));
    const addresses = [...text.matchAll(/(<?)https?:\/\/[^\s<>]+(.?)/g)];
    expect(addresses.length).toBeGreaterThan(0);
    for (const [found, opened, behind] of addresses) {
      expect(found).toMatch(/[\w/-]>?\s?$/);
      expect(behind, found).toMatch(opened === "" ? /^\s?$/ : />/);
    }
  });

  test("is within its size, in short lines of ASCII", async () => {
    const raw = await everyMail(kind, locale, BRANDING);
    expect(raw.length).toBeLessThan(MAIL_LIMIT_BYTES);
    expect(raw).toMatch(/^[\t\r\n\x20-\x7e]*$/);
    for (const line of raw.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
  });

  test("keeps its headers when they are folded anew on the way, as DKIM's relaxed form sees them", async () => {
    const raw = await everyMail(kind, locale);
    const on = refolded(raw);
    expect(on).not.toBe(raw);
    expect(relaxedHeaders(on)).toEqual(relaxedHeaders(raw));
    const [before, after] = await Promise.all([read(raw), read(on)]);
    expect(after.parsed.subject).toBe(before.parsed.subject);
    expect(after.parsed.headers.get("list")).toEqual(before.parsed.headers.get("list"));
    const names = relaxedHeaders(raw).map((header) => header.slice(0, header.indexOf(":")));
    expect(new Set(names).size).toBe(names.length);
  });

  test("loads nothing but the logo, which is the same for everybody", async () => {
    const bare = await read(await everyMail(kind, locale));
    expect(bare.html).not.toMatch(/<img|url\(|<link|@import|<script/i);
    const { html } = await read(await everyMail(kind, locale, BRANDING));
    expect([...html.matchAll(/\bsrc="([^"]*)"/g)].map(([, src]) => src)).toEqual([BRANDING.logoUrl]);
    expect(html).toMatch(/<img[^>]*alt="DRACOON Cloud"/);
    expect(html).toContain(`background:${BRANDING.colour}`);
  });
});

describe.each([
  ["de", "en"],
  ["en", "de"],
] as const)("in %s", (locale: Locale, other: Locale) => {
  test.each(MAIL_KINDS)("the mail %s has nothing of the other language", async (kind) => {
    const { parsed, text, html } = await read(await everyMail(kind, locale));
    const seen = [parsed.subject ?? "", text, html.replace(/<style[\s\S]*?<\/style>/, "").replace(/<[^>]*>/g, " ")];
    expect(leftovers(seen.join("\n"), other, locale)).toEqual([]);
  });
});

describe("who gets what", () => {
  test.each(["update", "postmortem", "maintenance", "reminder"] as const)(
    "the mail %s goes to a list, and can be left with one click",
    async (kind) => {
      const raw = await everyMail(kind, "de");
      const { parsed } = await read(raw);
      expect(relaxedHeaders(raw)).toContain("list-unsubscribe-post:List-Unsubscribe=One-Click");
      expect(parsed.references).toMatch(/^<incident-\w+@status\.example\.com>$/);
    },
  );

  test.each(["confirmation", "manage link", "unsubscribed", "quarantine", "portal link", "chat confirmation"] as const)(
    "the mail %s goes to one reader, and stands alone",
    async (kind) => {
      const raw = await everyMail(kind, "de");
      const { parsed } = await read(raw);
      expect(relaxedHeaders(raw).filter((header) => header.startsWith("list-"))).toEqual([]);
      expect(parsed.references).toBeUndefined();
    },
  );

  test("the receipt says who asked to leave, when, and how to undo it", async () => {
    const { text } = await read(await everyMail("unsubscribed", "en"));
    expect(text).toContain("When: Jul 07, 2025 - 14:00 CEST (12:00 UTC)");
    expect(text).toContain("How: Somebody opened the link to unsubscribe in one of our mails");
    expect(text).toContain(`${SITE.subscriptionsUrl}/undo/`);
    expect(text).toContain("The link works for 30 days.");
  });

  test("a reminder tells when it begins, what is affected, and what was announced", async () => {
    const { parsed, text } = await read(await everyMail("reminder", "de"));
    expect(parsed.subject).toBe("[DRACOON Cloud] Database upgrade");
    expect(text).toContain("Diese Wartung beginnt in Kürze: 10. Juli 2025, 22:00 MESZ (20:00 UTC).");
    expect(text).toContain("Betroffen: Web App");
    expect(text).toContain("We are moving to a newer database.");
  });
});
