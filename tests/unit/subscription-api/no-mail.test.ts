import { expect, test } from "vitest";
import { subscriptionWorld } from "./subscription-world.ts";
import { CONTACT, ENDPOINT, webhookWorld } from "./webhook-world.ts";

const GRACE = "grace@example.org";
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";
const NO_MAIL = { status: 422, json: { error: "mail is not sent by this page yet" } };

async function withoutMail() {
  const world = await subscriptionWorld();
  world.deps.hasMail = false;
  return world;
}

test.each([
  ["/subscriptions/email", { email: GRACE }],
  ["/manage", { email: "ada@example.org" }],
  ["/portal", { endpoint: ENDPOINT }],
])("without a mail sender, POST %s says so to programs, and nobody waits for a letter", async (path, json) => {
  const world = await withoutMail();
  expect(await world.send("POST", path, { json })).toMatchObject(NO_MAIL);
  expect(await world.find("email", GRACE)).toBeNull();
  expect(await world.delivered()).toEqual([]);
});

test("people are told in their language", async () => {
  const world = await withoutMail();
  const form = { body: "email=grace%40example.org&locale=de", contentType: "application/x-www-form-urlencoded" };
  const reply = await world.send("POST", "/subscriptions/email", form);
  expect(reply.status).toBe(422);
  expect(reply.text).toContain("verschickt noch keine E-Mails");
  expect(reply.text).not.toContain("keine gültige E-Mail-Adresse");
});

test("a link to manage is asked for by phone alone, and not at all where there are no SMS either", async () => {
  const world = await withoutMail();
  const page = await world.send("GET", "/manage");
  expect(page.text).toContain('name="phone_number"');
  expect(page.text).not.toContain('name="email"');
  world.deps.smsCountries = new Set();
  expect((await world.send("GET", "/manage")).status).toBe(422);
});

test("an endpoint that proves itself is registered; a chat, which its contact's mail would prove, is refused", async () => {
  const world = await webhookWorld();
  world.deps.hasMail = false;
  const { reply } = await world.register({ endpoint: ENDPOINT, email: CONTACT });
  expect(reply).toMatchObject({ status: 201, json: { confirmed_by: "challenge" } });
  expect((await world.register({ endpoint: SLACK, email: CONTACT })).reply).toMatchObject(NO_MAIL);
});
