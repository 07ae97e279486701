import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { NO_BRANDING } from "../../../functions/core/page.ts";
import {
  type ConfirmationMail,
  renderConfirmationMail,
} from "../../../functions/templates/email/confirmation-email.tsx";
import { MAIL_FROM, SITE } from "../../fixtures/seed-incident.ts";

const MAIL: ConfirmationMail = {
  pageName: "DRACOON Cloud",
  branding: NO_BRANDING,
  pageUrl: SITE.pageUrl,
  locale: "en",
  to: "reader@example.com",
  mailFrom: MAIL_FROM,
  confirmUrl: `${SITE.subscriptionsUrl}/confirm/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE`,
  declineUrl: `${SITE.subscriptionsUrl}/decline/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE`,
};

test("the confirmation says who is asked what, gives the link, and that ignoring it is fine", async () => {
  const parsed = await simpleParser(await renderConfirmationMail(MAIL));
  expect(parsed.subject).toBe("Confirm your subscription to DRACOON Cloud");
  expect(parsed.to).toMatchObject({ text: MAIL.to });
  expect(parsed.headers.get("auto-submitted")).toBe("auto-generated");
  expect(parsed.headers.has("list-unsubscribe")).toBe(false);
  for (const part of [parsed.text ?? "", String(parsed.html)]) {
    expect(part).toContain(MAIL.confirmUrl);
    expect(part).toContain(MAIL.declineUrl);
    // Of an address with a tag, a stranger has chosen the words.
    expect(part).not.toContain(MAIL.to);
    expect(part).toContain("90 days");
    expect(part).toContain("If you did not ask for this, do nothing");
  }
});

test("a page's hostile name is text, in one header", async () => {
  const raw = await renderConfirmationMail({ ...MAIL, pageName: "<b>Evil</b>\r\nBcc: victim@example.com" });
  const parsed = await simpleParser(raw);
  expect(parsed.bcc).toBeUndefined();
  expect(String(parsed.html)).not.toContain("<b>Evil");
  expect(parsed.text).toContain("<b>Evil</b> Bcc: victim@example.com");
});

test("an address that means harm reaches no one else", async () => {
  const raw = await renderConfirmationMail({ ...MAIL, to: "a@example.com\r\nBcc: victim@example.com" });
  expect(raw.slice(0, raw.indexOf("\r\n\r\n"))).not.toMatch(/^bcc:/im);
});
