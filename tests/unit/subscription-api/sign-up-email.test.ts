import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressMac } from "../../../functions/core/address-mac.ts";
import type { Subscriber } from "../../../functions/core/subscriber.ts";
import { renderersFor } from "../../../functions/subscription-api/renderers.ts";
import { MAIL_FROM, SITE } from "../../fixtures/seed-incident.ts";
import { BUTTON, linkIn, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld, watched } from "./subscription-world.ts";

const PATH = "/subscriptions/email";
const MINUTE = 60_000;
const GRACE = "grace@example.org";
const ADA = "ada@example.org";

type World = Awaited<ReturnType<typeof subscriptionWorld>>;

/** Ada in another state than unconfirmed. */
async function adaIs(world: World, changes: Partial<Pick<Subscriber, "state" | "quarantineReason" | "confirmedAt">>) {
  const read = await world.stored();
  if (read === null) throw new Error("Ada is gone");
  const next: Subscriber = { ...read, confirmedAt: START, ...changes };
  if (changes.state === "quarantined") next.quarantinedAt = START;
  if (changes.state === "unsubscribed") next.unsubscribedAt = START;
  await world.subscribers.replace(read, next);
}

async function withCatalog(world: World) {
  const stamp = { createdAt: START, updatedAt: START };
  const component = (id: string, groupId: string | null, position: number) => ({
    id,
    name: id,
    description: null,
    status: "operational" as const,
    position,
    groupId,
    showcase: true,
    onlyShowIfDegraded: false,
    startDate: null,
    ...stamp,
  });
  await world.status.saveCatalog(
    PAGE_ID,
    {
      version: 0,
      components: [
        component("webappwebapp", null, 1),
        component("uploadupload", "storagestora", 2),
        component("searchsearch", "storagestora", 3),
      ],
      groups: [{ id: "storagestora", name: "Storage", description: null, position: 2, ...stamp }],
    },
    null,
  );
}

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

describe("an address that is known already", () => {
  test("unconfirmed: each link brings what was asked for with it, and the others are void then", async () => {
    const world = await subscriptionWorld();
    await withCatalog(world);
    const links: string[] = [];
    for (const component of ["webappwebapp", "uploadupload"]) {
      await world.send("POST", PATH, { json: { email: ADA, component_ids: [component], locale: "de" } });
      links.push(linkIn((await world.delivered())[0]?.text, "confirm"));
      world.tick(10 * MINUTE);
    }
    const [first = "", second = ""] = links;
    // Whoever asks in somebody's name ends nobody's link.
    for (const link of [...links, world.confirmPath]) expect((await world.send("GET", link)).status).toBe(200);
    expect(await world.stored()).toMatchObject({ state: "unconfirmed", scopes: { page: true }, locale: "en" });
    await world.send("POST", first, BUTTON);
    expect(await world.stored()).toMatchObject({
      id: SUBSCRIBER_ID,
      state: "active",
      scopes: { page: false, components: ["webappwebapp"] },
      locale: "de",
    });
    expect((await world.send("POST", first, BUTTON)).status).toBe(200);
    for (const link of [second, world.confirmPath]) expect((await world.send("POST", link, BUTTON)).status).toBe(404);
  });

  test("a link that confirmed once does not bring back who has left since, nor does one of before", async () => {
    const world = await subscriptionWorld();
    const links: string[] = [];
    for (let time = 0; time < 2; time += 1) {
      await world.send("POST", PATH, { json: { email: ADA } });
      links.push(linkIn((await world.delivered())[0]?.text, "confirm"));
      world.tick(10 * MINUTE);
    }
    // As if what comes after the confirmation had not been reached.
    world.deps.subscribers.forgetInvitations = async () => {};
    await world.send("POST", links[0] ?? "", BUTTON);
    world.tick(MINUTE);
    await world.send("POST", world.unsubscribePath, BUTTON);
    for (const link of links) expect((await world.send("POST", link, BUTTON)).status).toBe(404);
    expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  });

  test.each([
    ["left", { state: "unsubscribed" as const }],
    ["bounced", { state: "quarantined" as const, quarantineReason: "bounce" as const }],
    ["bounced and left", { state: "unsubscribed" as const, quarantineReason: "bounce" as const }],
  ])("%s: a stranger's sign-up changes nothing of it, whatever becomes of the letter", async (_what, state) => {
    const world = await subscriptionWorld();
    await adaIs(world, state);
    const before = await world.stored();
    for (let time = 0; time < 8; time += 1) {
      await world.send("POST", PATH, { json: { email: "ada+x@example.org", locale: "de" } });
      await world.send("POST", PATH, { json: { email: ADA, locale: "de", preferences: { minimum_impact: "major" } } });
      await world.delivered();
      world.tick(11 * MINUTE);
    }
    expect(await world.stored()).toEqual(before);
    expect(await world.subscribers.listPurgeable(START + 400 * 24 * 60 * MINUTE, 100)).not.toContainEqual(
      expect.objectContaining({ id: SUBSCRIBER_ID, state: "unconfirmed" }),
    );
  });

  test("the undo in a farewell works after a stranger's sign-up, and the invitation is void then", async () => {
    const world = await subscriptionWorld();
    await world.send("POST", world.confirmPath, BUTTON);
    world.tick(MINUTE);
    await world.send("POST", world.unsubscribePath, BUTTON);
    const [farewell] = await world.delivered();
    world.tick(MINUTE);
    await world.send("POST", PATH, { json: { email: ADA, preferences: { minimum_impact: "critical" } } });
    const invitation = linkIn((await world.delivered())[0]?.text, "confirm");
    expect((await world.send("POST", linkIn(farewell?.text, "undo"), BUTTON)).status).toBe(200);
    expect(await world.stored()).toMatchObject({ state: "active", preferences: { minimumImpact: "none" } });
    expect((await world.send("POST", invitation, BUTTON)).status).toBe(404);
  });

  test("declined, who had left or bounced stays so, and the mailbox is closed", async () => {
    const world = await subscriptionWorld();
    await adaIs(world, { state: "quarantined", quarantineReason: "bounce" });
    const before = await world.stored();
    await world.send("POST", PATH, { json: { email: ADA } });
    const [mail] = await world.delivered();
    expect((await world.send("POST", linkIn(mail?.text, "decline"), BUTTON)).status).toBe(200);
    expect(await world.stored()).toEqual(before);
    expect((await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON)).status).toBe(404);
    world.tick(24 * 60 * MINUTE);
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.delivered()).toEqual([]);
  });

  test("nothing is kept of what was not permitted", async () => {
    const world = await subscriptionWorld();
    await adaIs(world, { state: "unsubscribed" });
    await world.send("POST", PATH, { json: { email: ADA } });
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.delivered()).toHaveLength(1);
    expect(await world.subscribers.invitationsOf(PAGE_ID, "email", SUBSCRIBER_ID)).toHaveLength(1);
  });

  test.each([
    ["unsubscribed", {}],
    ["quarantined", { quarantineReason: "bounce" as const }],
  ] as const)("%s: comes back by confirming", async (state, more) => {
    const world = await subscriptionWorld();
    await adaIs(world, { state, ...more });
    await world.send("POST", PATH, { json: { email: ADA } });
    expect(await world.stored()).toMatchObject({ state });
    const [mail] = await world.delivered();
    await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
    const back = { state: "active", unsubscribedAt: null, quarantinedAt: null, confirmedAt: START };
    expect(await world.stored()).toMatchObject({ id: SUBSCRIBER_ID, ...back });
    expect(await world.stored()).not.toHaveProperty("quarantineReason");
  });

  test("active: nothing changes; a link shows the way, with the wishes ticked", async () => {
    const world = await subscriptionWorld();
    await withCatalog(world);
    await world.send("POST", world.confirmPath, BUTTON);
    const before = await world.stored();
    await world.send("POST", PATH, { json: { email: ADA, component_ids: ["webappwebapp"] } });
    expect(await world.stored()).toEqual(before);
    const [mail] = await world.delivered();
    expect(linkIn(mail?.text, "manage")).toMatch(/^\/manage\/[\w.-]+\?components=webappwebapp$/);
  });

  test.each(["quarantined", "unsubscribed"] as const)(
    "complained, and is %s: nothing changes and nothing is sent",
    async (state) => {
      const world = await subscriptionWorld();
      await adaIs(world, { state, quarantineReason: "complaint" });
      const before = await world.stored();
      expect((await world.send("POST", PATH, { json: { email: ADA } })).status).toBe(202);
      expect(await world.stored()).toEqual(before);
      expect(await world.delivered()).toEqual([]);
    },
  );

  test("erased after a bounce: confirmed anew, it is forgotten", async () => {
    const world = await subscriptionWorld();
    const mac = addressMac(world.key, "email", GRACE);
    await world.subscribers.block(PAGE_ID, "email", mac, "bounce", START);
    await world.send("POST", PATH, { json: { email: GRACE } });
    const [mail] = await world.delivered();
    await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
    expect(await world.subscribers.blockOf(PAGE_ID, "email", mac)).toBeNull();
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

describe("caps", () => {
  test("a storm of 10,000 requests for one victim, by many sources and spellings, sends at most three mails", async () => {
    const world = await subscriptionWorld();
    const stored: string[] = [];
    let mails = 0;
    for (let index = 0; index < 10_000; index += 1) {
      const spelling = ["victim", "v.i.c.t.i.m", `victim+${index}`, `Vic.Tim+${index}`][index % 4];
      const host = index % 3 === 0 ? "googlemail.com" : "gmail.com";
      const source = index % 2 === 0 ? `198.51.${index % 200}.${(index * 7) % 250}` : `2001:db8:${index % 400}::1`;
      const reply = await world.send("POST", index % 5 === 0 ? "/manage" : PATH, {
        json: { email: `${spelling}@${host}` },
        source,
      });
      stored.push(String(reply.status));
      mails += (await world.delivered()).length;
      // Eight hours in all.
      world.tick(2_880);
    }
    expect(new Set(stored)).toEqual(new Set(["202"]));
    expect(mails).toBeLessThanOrEqual(3);
    expect((await world.subscribers.list(PAGE_ID, "email", 100, null)).items.length).toBeLessThanOrEqual(4);
  });

  test("one mail in ten minutes, then another", async () => {
    const world = await subscriptionWorld();
    for (let minute = 0; minute < 10; minute += 1) {
      await world.send("POST", PATH, { json: { email: GRACE } });
      expect(await world.delivered()).toHaveLength(minute === 0 ? 1 : 0);
      world.tick(MINUTE);
    }
    await world.send("POST", PATH, { json: { email: GRACE } });
    expect(await world.delivered()).toHaveLength(1);
  });

  test("a source that asks too often is told when to come back, whatever the address", async () => {
    const world = await subscriptionWorld();
    const ask = (index: number, source: string) =>
      world.send("POST", PATH, { json: { email: `person${index}@example.org` }, source });
    for (let index = 0; index < 20; index += 1) expect((await ask(index, `2001:db8::${index}`)).status).toBe(202);
    const refused = await ask(31, "2001:db8::ffff");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(await world.find("email", "person31@example.org")).toBeNull();
    expect((await ask(32, "2001:db8:0:1::1")).status).toBe(202);
  });
});

describe("a CAPTCHA", () => {
  const captcha = (outcome: "solved" | "not solved" | "no answer") => {
    const asked: string[][] = [];
    const verify = async (...parameters: [string, string]) => {
      asked.push(parameters);
      return outcome;
    };
    return { asked, verify };
  };

  test("is asked for where endpoints are registered too", async () => {
    const registration = { endpoint: "https://receiver.example.org/hook", email: GRACE };
    const send = (world: World, more: object) =>
      world.send("POST", "/subscriptions/webhooks", { json: { ...registration, ...more } });
    const world = await subscriptionWorld({ captcha: captcha("not solved") });
    for (const more of [{}, { captcha_token: "t" }]) {
      expect(await send(world, more)).toMatchObject({ status: 422, json: { details: [{ field: "captcha_token" }] } });
    }
    expect(world.queues.sent).toEqual([]);
    const solved = await subscriptionWorld({ captcha: captcha("solved") });
    expect((await send(solved, { "cf-turnstile-response": "t" })).status).toBe(201);
  });

  test("is asked of its provider, under whichever name the widget gives its token", async () => {
    const solved = captcha("solved");
    for (const field of ["captcha_token", "h-captcha-response", "cf-turnstile-response", "g-recaptcha-response"]) {
      const world = await subscriptionWorld({ captcha: solved });
      expect((await world.send("POST", PATH, { json: { email: GRACE, [field]: "t" } })).status).toBe(202);
      expect(await world.find("email", GRACE)).not.toBeNull();
    }
    expect(solved.asked).toEqual(Array.from({ length: 4 }, () => ["t", "192.0.2.1"]));
  });

  test.each([
    ["is missing", { email: GRACE }, "solved", 422],
    ["was not solved", { email: GRACE, captcha_token: "t" }, "not solved", 422],
    ["cannot be checked", { email: GRACE, captcha_token: "t" }, "no answer", 503],
  ] as const)("that %s: nothing is stored or sent", async (_what, body, outcome, status) => {
    const world = await subscriptionWorld({ captcha: captcha(outcome) });
    expect((await world.send("POST", PATH, { json: body })).status).toBe(status);
    expect(await world.find("email", GRACE)).toBeNull();
    expect(world.queues.sent).toEqual([]);
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
