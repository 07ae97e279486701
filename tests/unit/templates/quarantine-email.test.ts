import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { NO_BRANDING } from "../../../functions/core/page.ts";
import { type QuarantineMail, renderQuarantineMail } from "../../../functions/templates/email/quarantine-email.tsx";
import { MAIL_FROM, SITE } from "../../fixtures/seed-incident.ts";

const ENDPOINT = {
  host: "hooks.example.com:8443",
  failingSince: Date.parse("2026-11-20T02:58:00Z"),
  quarantinedAt: Date.parse("2026-11-23T06:33:00Z"),
  reason: "http 503",
};

const MAIL: QuarantineMail = {
  pageName: "DRACOON Cloud",
  branding: NO_BRANDING,
  pageUrl: SITE.pageUrl,
  locale: "en",
  timeZone: "Europe/Berlin",
  to: "integrator@example.com",
  mailFrom: MAIL_FROM,
  endpoints: [ENDPOINT],
};

test("the mail says which host, since when, why, and how to come back", async () => {
  const parsed = await simpleParser(await renderQuarantineMail(MAIL));
  expect(parsed.subject).toBe("DRACOON Cloud stopped sending updates to your webhook at hooks.example.com:8443");
  expect(parsed.to).toMatchObject({ text: MAIL.to });
  expect(parsed.headers.get("auto-submitted")).toBe("auto-generated");
  for (const part of [parsed.text ?? "", String(parsed.html)]) {
    expect(part).toContain("hooks.example.com:8443");
    expect(part).toContain("Nov 20, 2026 - 03:58 CET (02:58 UTC)");
    expect(part).toContain("Nov 23, 2026 - 07:33 CET (06:33 UTC)");
    expect(part).toContain("HTTP 503");
    expect(part).toContain("subscribe it anew");
    expect(part).toContain(SITE.pageUrl);
  }
});

test.each(["en", "de"] as const)(
  "several endpoints are one mail that names them, and counts the rest (%s)",
  async (locale) => {
    const endpoints = Array.from({ length: 58 }, (_, index) => ({ ...ENDPOINT, host: `h${index}.example.com` }));
    const parsed = await simpleParser(await renderQuarantineMail({ ...MAIL, locale, endpoints }));
    expect(parsed.subject).toContain("58");
    for (const part of [parsed.text ?? "", String(parsed.html)]) {
      expect(part).toContain("h0.example.com");
      expect(part).toContain("h24.example.com");
      expect(part).not.toContain("h25.example.com");
      expect(part).toContain("33");
      expect(part).toContain("HTTP 503");
    }
  },
);

test("whatever an endpoint or a page is called is text, in one header", async () => {
  const endpoint = { ...ENDPOINT, reason: "<img src=x>\r\n" };
  const hostile = { ...MAIL, pageName: "<b>Evil</b>\r\nBcc: victim@example.com", endpoints: [endpoint, endpoint] };
  const parsed = await simpleParser(await renderQuarantineMail(hostile));
  expect(parsed.bcc).toBeUndefined();
  expect(String(parsed.html)).not.toContain("<b>Evil");
  expect(String(parsed.html)).not.toContain("<img");
});
