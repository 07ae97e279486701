import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressMac } from "../../../functions/core/address-mac.ts";
import { renderersFor } from "../../../functions/subscription-api/renderers.ts";
import { MAIL_FROM, SITE } from "../../fixtures/seed-incident.ts";
import {
  adaIs,
  BUTTON,
  linkIn,
  PAGE_ID,
  START,
  SUBSCRIBER_ID,
  subscriptionWorld,
  type World,
  watched,
  withCatalog,
} from "./subscription-world.ts";

const PATH = "/subscriptions/email";
const MINUTE = 60_000;
const GRACE = "grace@example.org";
const ADA = "ada@example.org";

test("a new address is invited by mail, confirms, and is subscribed", async () => {
  const world = await subscriptionWorld();
  const reply = await world.send("POST", PATH, { json: { email: " Grace@Example.org " } });
  expect(reply).toMatchObject({ status: 202, json: { status: "accepted" } });
  expect(await world.find("email", GRACE)).toMatchObject({
    state: "unconfirmed",
    email: "Grace@Example.org",
    scopes: { page: true, components: [], incidents: [] },
    locale: "en",
  });
  const [mail] = await world.delivered();
  expect(mail?.to).toBe("Grace@Example.org");
  const link = linkIn(mail?.text, "confirm");
  expect(link.length).toBeGreaterThan("/confirm/".length + 43);
  expect(JSON.stringify(await world.find("email", GRACE))).not.toContain(link.slice(-43));
  expect((await world.send("POST", link, BUTTON)).status).toBe(200);
  expect(await world.find("email", GRACE)).toMatchObject({ state: "active", confirmedAt: START });
});

test("the page's form is answered by a page that names the address, in the language asked for", async () => {
  const world = await subscriptionWorld();
  const reply = await world.send("POST", PATH, {
    body: "email=grace%40example.org&locale=de&preferences%5Bupdates%5D=first+and+last",
    contentType: "application/x-www-form-urlencoded",
  });
  expect(reply.status).toBe(202);
  expect(reply.headers["content-type"]).toContain("text/html");
  expect(reply.text).toContain('<html lang="de">');
  expect(reply.text).toContain(GRACE);
  expect(await world.find("email", GRACE)).toMatchObject({
    locale: "de",
    preferences: { updates: "first and last", minimumImpact: "none" },
  });
});

test("components, groups and an incident are what one hears of", async () => {
  const world = await subscriptionWorld();
  await withCatalog(world);
  await world.send("POST", PATH, { json: { email: GRACE, component_ids: ["storagestora", "webappwebapp"] } });
  expect((await world.find("email", GRACE))?.scopes).toEqual({
    page: false,
    components: ["webappwebapp", "uploadupload", "searchsearch"],
    incidents: [],
  });
});

describe("what is wrong is named, and nothing is stored or sent", () => {
  test.each([
    ["no email", {}, "email"],
    ["no address", { email: "grace" }, "email"],
    ["a line break", { email: "grace@example.org\r\nbcc:x@example.org" }, "email"],
    ["a component of nowhere", { email: GRACE, component_ids: ["nowherenowhe"] }, "component_ids"],
    ["an incident of nowhere", { email: GRACE, incident_id: "nowherenowhe" }, "incident_id"],
    ["an incident that is no id", { email: GRACE, incident_id: "../x" }, "incident_id"],
    ["another language", { email: GRACE, locale: "fr" }, "locale"],
    ["another preference", { email: GRACE, preferences: { updates: "none" } }, "preferences.updates"],
  ])("%s", async (_what, body, field) => {
    const world = await subscriptionWorld();
    const reply = await world.send("POST", PATH, { json: body });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await world.find("email", GRACE)).toBeNull();
    expect(world.queues.sent).toEqual([]);
  });
});

describe("I did not ask for this", () => {
  test("a page with a button; the button removes the subscriber and closes the mailbox for good", async () => {
    const world = await subscriptionWorld();
    await world.send("POST", PATH, { json: { email: "grace+news@example.org" } });
    const [mail] = await world.delivered();
    const link = linkIn(mail?.text, "decline");
    expect((await world.send("GET", link)).text).toContain('<form method="post">');
    expect(await world.find("email", "grace+news@example.org")).not.toBeNull();
    expect((await world.send("POST", link, BUTTON)).status).toBe(200);
    expect(await world.find("email", "grace+news@example.org")).toBeNull();
    for (const email of [
      "grace+news@example.org",
      "grace@example.org",
      "grace+other@example.org",
      "GRACE@example.org",
    ]) {
      world.tick(11 * MINUTE);
      expect((await world.send("POST", PATH, { json: { email } })).status).toBe(202);
    }
    expect(await world.delivered()).toEqual([]);
    expect((await world.send("POST", link, BUTTON)).status).toBe(404);
  });

  test("is over once the address is confirmed", async () => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath, BUTTON);
    const declinePath = world.confirmPath.replace("/confirm/", "/decline/");
    expect((await world.send("GET", declinePath)).status).toBe(404);
    expect((await world.send("POST", declinePath, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "active" });
  });
});

describe("what is answered and done says nothing of the address", () => {
  const CASES: Record<string, (world: World) => Promise<unknown>> = {
    unknown: (world) => world.subscribers.remove(PAGE_ID, "email", SUBSCRIBER_ID),
    unconfirmed: async () => {},
    active: (world) => adaIs(world, { state: "active" }),
    unsubscribed: (world) => adaIs(world, { state: "unsubscribed" }),
    bounced: (world) => adaIs(world, { state: "quarantined", quarantineReason: "bounce" }),
    complained: (world) => adaIs(world, { state: "quarantined", quarantineReason: "complaint" }),
    blocked: (world) =>
      world.subscribers.block(PAGE_ID, "email", addressMac(world.key, "email", ADA), "not asked for", START),
  };

  test.each([
    ["a sign-up", PATH],
    ["a request for a link", "/manage"],
  ])("%s", async (_what, path) => {
    const seen = new Map<string, unknown>();
    for (const [name, arrange] of Object.entries(CASES)) {
      const world = await subscriptionWorld();
      await arrange(world);
      const calls = watched(world);
      const reply = await world.send("POST", path, { json: { email: ADA } });
      const reads = calls.filter((call) => call === "read").length;
      seen.set(name, { reply, reads, writes: calls.length - reads });
    }
    const [reference] = seen.values();
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries([...seen.keys()].map((name) => [name, reference])));
  });
});

test("other sites' scripts may sign people up", async () => {
  const world = await subscriptionWorld();
  const asked = await world.send("OPTIONS", PATH, { headers: { origin: "https://integrator.example" } });
  expect(asked).toMatchObject({ status: 204, headers: { "access-control-allow-origin": "*" } });
  for (const json of [{ email: GRACE }, {}]) {
    const reply = await world.send("POST", PATH, { json });
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(reply.headers).not.toHaveProperty("access-control-allow-credentials");
  }
});

test.each([
  ["to confirm", PATH, GRACE],
  ["to change what one receives", "/manage", ADA],
] as const)("the letter %s wears the page's colour and logo", async (_what, path, email) => {
  const world = await subscriptionWorld();
  Object.assign(world.deps, renderersFor({ ...SITE, mailFrom: MAIL_FROM }));
  await adaIs(world, { state: "active" });
  const page = await world.status.getPage(PAGE_ID);
  if (page === null) throw new Error("no page");
  await world.status.savePage({ ...page, branding: { logoUrl: "https://cdn.example/logo.png", colour: "#8a1c5c" } });
  await world.send("POST", path, { json: { email } });
  const { raw } = z.object({ raw: z.string() }).parse(JSON.parse(world.queues.receive()?.body ?? "null"));
  const mail = await simpleParser(raw);
  expect(mail.html).toContain("#8a1c5c");
  expect(mail.html).toContain("https://cdn.example/logo.png");
});

describe("what did not work is told in the reader's language", () => {
  const FORM = "application/x-www-form-urlencoded";
  test.each([
    ["email=nobody", "Das ist keine gültige E-Mail-Adresse"],
    ["email=ada%40example.org&component_ids%5B%5D=nosuchthing0", "Ein Teil Ihrer Auswahl ist"],
  ])("of the form %s", async (fields, reason) => {
    const world = await subscriptionWorld();
    const reply = await world.send("POST", PATH, { body: `${fields}&locale=de`, contentType: FORM });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain('<html lang="de">');
    expect(reply.text).toContain(reason);
  });

  test.each([
    ["de-AT,de;q=0.9,en;q=0.5", "de"],
    ["fr-FR, de;q=0.5", "de"],
    ["en-US,de;q=0.5", "en"],
    ["fr", "en"],
    ["", "en"],
  ])("of a link, to a browser that asks for %s", async (languages, locale) => {
    const world = await subscriptionWorld();
    const reply = await world.send("GET", "/confirm/nonsense", { headers: { "accept-language": languages } });
    expect(reply.status).toBe(404);
    expect(reply.text).toContain(`<html lang="${locale}">`);
  });
});
