import { expect, test } from "vitest";
import { renderIncidentPage } from "../../../functions/templates/page/page-incident.tsx";
import { renderIndexPage } from "../../../functions/templates/page/page-index.tsx";
import { SIGN_UP, seedIncident } from "../../fixtures/seed-incident.ts";
import { publicPageOf } from "../../fixtures/template-sources.ts";

const NOW = Date.parse("2025-07-08T10:00:00Z");
const open = seedIncident(1);
const source = (signUp: Partial<typeof SIGN_UP> = {}) => ({
  ...publicPageOf(open),
  signUp: { ...SIGN_UP, ...signUp },
});
const index = (signUp: Partial<typeof SIGN_UP> = {}, locale: "en" | "de" = "en") => {
  const { page, ...rest } = source(signUp);
  return renderIndexPage({
    ...rest,
    page: { ...page, locale },
    unresolved: [open],
    recent: [],
    changedAt: NOW,
    now: NOW,
  });
};

test("the forms post to the subscription API, which is all that the page's policy allows", () => {
  const html = index();
  expect(html).toContain('<form method="post" action="https://subscribe.example.com/subscriptions/email">');
  expect(html).toContain('<form method="post" action="https://subscribe.example.com/subscriptions/sms">');
  expect(html).toMatch(/form-action https:\/\/subscribe\.example\.com"/);
  expect(html).not.toContain("<script");
});

test("no country gets SMS: no form for it", () => {
  expect(index({ smsCountries: [] })).not.toContain("/subscriptions/sms");
});

test("mail has no sender yet: no form for it, and none at all without SMS", () => {
  const html = index({ hasMail: false });
  expect(html).not.toContain("/subscriptions/email");
  expect(html).toContain("/subscriptions/sms");
  expect(html).toContain('<details class="by-sms" open');
  expect(index({ hasMail: false, smsCountries: [] })).not.toContain("<form");
});

test("with a sign-up page elsewhere the page links to it in place of its forms", () => {
  const html = index({ elsewhere: "https://example.com/sign-up" });
  expect(html).toContain('href="https://example.com/sign-up"');
  expect(html).not.toContain("<form");
});

test("a German page signs up in German", () => {
  const html = index({}, "de");
  expect(html).toContain("Per E-Mail abonnieren");
  expect(html).toContain('name="locale" value="de"');
  expect(html).toContain("Österreich");
});

test("an incident's page signs up for the incident, while it is open", () => {
  const hidden = `<input type="hidden" name="incident_id" value="${open.incident.id}"/>`;
  expect(renderIncidentPage(source(), open)).toContain(hidden);
  expect(renderIncidentPage(source(), seedIncident(4))).not.toContain("<form");
});
