import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newSubscriber } from "../../../functions/subscriptions/new-subscriber.ts";
import { linkIn, PAGE_ID, START } from "./subscription-world.ts";
import { type Answer, CONTACT, ENDPOINT, echoing, webhookWorld } from "./webhook-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";
/** Subscribed in every such world. */
const ADA = "ada@example.org";

// The library verifies by the real clock.
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

test("an endpoint is registered, challenged with the secret that was shown, and active once it echoes", async () => {
  const world = await webhookWorld();
  const { reply, signing_secret } = await world.register({ minimum_impact: "major", statuses: ["resolved"] });
  expect(reply.status).toBe(201);
  expect(reply.json).toMatchObject({
    state: "unconfirmed",
    endpoint: ENDPOINT,
    email: CONTACT,
    format: "statuspage",
    statuses: ["resolved"],
    minimum_impact: "major",
    signing_secret: expect.stringMatching(/^whsec_/),
    confirmed_by: "challenge",
  });
  expect(await world.stored()).toMatchObject({ state: "unconfirmed", contactEmail: CONTACT });

  const mails = await world.work();
  expect(mails).toHaveLength(1);
  expect(mails[0]).toContain(`to ${CONTACT}`);
  const [challenge = { headers: {}, body: "" }] = world.posted;
  expect(new Webhook(signing_secret ?? "").verify(challenge.body, challenge.headers)).toMatchObject({
    challenge: expect.stringMatching(/^[\w-]{32}$/),
  });
  expect(await world.stored()).toMatchObject({ state: "active", confirmedAt: START });
});

test("an endpoint that does not echo is asked again, and is told nothing else", async () => {
  const world = await webhookWorld();
  world.answers(() => ({ status: 200, text: "ok" }));
  await world.register();
  for (let minutes = 0; minutes < 180; minutes += 1) {
    await world.work();
    world.tick(60_000);
  }
  expect(world.posted).toHaveLength(6);
  expect(new Set(world.posted.map(({ body }) => body)).size).toBe(1);
  expect(await world.stored()).toMatchObject({ state: "unconfirmed" });
});

test("a form does as well as JSON", async () => {
  const world = await webhookWorld();
  const reply = await world.send("POST", "/subscriptions/webhooks", {
    body: new URLSearchParams({ endpoint: ENDPOINT, email: CONTACT, "statuses[]": "resolved" }).toString(),
    contentType: "application/x-www-form-urlencoded",
  });
  expect(reply.status).toBe(201);
  expect(await world.stored()).toMatchObject({ statuses: ["resolved"] });
});

describe("bad input names its field, and nothing is stored or queued", () => {
  test.each([
    ["no endpoint", { endpoint: undefined }, "endpoint"],
    ["no contact", { email: undefined }, "email"],
    ["a contact that is none", { email: "nobody" }, "email"],
    ["http", { endpoint: "http://receiver.example.org/" }, "endpoint"],
    ["another port", { endpoint: "https://receiver.example.org:8080/" }, "endpoint"],
    ["user info", { endpoint: "https://a:b@receiver.example.org/" }, "endpoint"],
    ["loopback", { endpoint: "https://127.0.0.1/" }, "endpoint"],
    ["loopback, written as one number", { endpoint: "https://2130706433/" }, "endpoint"],
    ["loopback, in full-width digits", { endpoint: "https://１２７.0.0.1/" }, "endpoint"],
    ["loopback, of IPv6", { endpoint: "https://[::1]/" }, "endpoint"],
    ["loopback, mapped", { endpoint: "https://[::ffff:127.0.0.1]/" }, "endpoint"],
    ["a private network", { endpoint: "https://10.1.2.3/" }, "endpoint"],
    ["cloud metadata", { endpoint: "https://169.254.169.254/latest/meta-data" }, "endpoint"],
    ["a name of one label", { endpoint: "https://localhost/" }, "endpoint"],
    ["a name that is only local", { endpoint: "https://metadata.google.internal./" }, "endpoint"],
    ["a format that is none", { format: "xml" }, "format"],
    ["a chat's format at any host", { format: "slack" }, "format"],
    ["another chat's format", { endpoint: SLACK, format: "teams" }, "format"],
    ["Statuspage's format at a chat", { endpoint: SLACK, format: "statuspage" }, "format"],
    ["a workflow of Slack's", { endpoint: "https://hooks.slack.com/triggers/T1/2/secret" }, "endpoint"],
    ["a chat of no format of ours", { endpoint: "https://chat.googleapis.com/v1/spaces/A/messages?key=b" }, "endpoint"],
    ["a status that is none", { statuses: ["red"] }, "statuses.0"],
    ["no status", { statuses: [] }, "statuses"],
    ["an impact that is none", { minimum_impact: "huge" }, "minimum_impact"],
    ["an unknown component", { component_ids: ["nocomponent0"] }, "component_ids"],
    ["an unknown incident", { incident_id: "noincident00" }, "incident_id"],
    ["an unknown language", { locale: "xx" }, "locale"],
  ])("%s", async (_what, fields, field) => {
    const world = await webhookWorld();
    const { reply } = await world.register(fields);
    expect(reply.status).toBe(422);
    expect(reply.json).toMatchObject({ details: [{ field }] });
    expect((await world.subscribers.list(PAGE_ID, "webhook", 10, null)).items).toEqual([]);
    expect(world.queues.sent).toEqual([]);
  });
});

describe("an endpoint that is registered already", () => {
  test("and active stays as it is: 409, and its present contact gets the link", async () => {
    const world = await webhookWorld();
    await world.open();
    const before = await world.stored();
    world.tick(HOUR);
    const { reply } = await world.register({ email: "mallory@example.net", statuses: ["resolved"] });
    expect(reply.status).toBe(409);
    expect(await world.stored()).toEqual(before);
    const mails = await world.work();
    expect(mails).toHaveLength(1);
    expect(mails[0]).toContain(`to ${CONTACT}`);
    expect(reply.text).not.toContain(CONTACT);
    expect(world.posted).toHaveLength(1);
  });

  test.each(["unconfirmed", "unsubscribed", "quarantined"] as const)(
    "and %s is registered anew beside what it is, and becomes that once it has proved whose it is",
    async (state) => {
      const world = await webhookWorld();
      world.answers(() => ({ status: 500, text: "" }));
      const first = await world.register({ minimum_impact: "major" });
      const portal = linkIn((await world.work())[0], "portal");
      const states = ["unconfirmed", "active"] as const;
      await world.subscribers.changeState(PAGE_ID, "webhook", first.id, states, state, START);
      expect((await world.send("GET", portal)).status).toBe(200);
      const before = await world.stored();

      world.tick(1_000);
      const second = await world.register({ email: "bob@example.net" });
      expect(second.reply).toMatchObject({ status: 201, json: { state: "unconfirmed", email: "bob@example.net" } });
      expect(second.id).toBe(first.id);
      expect(second.signing_secret).not.toBe(first.signing_secret);
      const third = await world.register({ email: "eve@example.net" });
      expect(third.signing_secret).not.toBe(second.signing_secret);
      // Nothing of it changes, but that what is unconfirmed has its time anew.
      expect({ ...(await world.stored()), updatedAt: 0 }).toEqual({ ...before, updatedAt: 0 });
      expect((await world.send("GET", portal)).status).toBe(200);

      world.posted.length = 0;
      const mails = await world.work();
      const theirs = linkIn(
        mails.find((mail) => mail.includes("to bob@")),
        "portal",
      );
      expect((await world.send("GET", theirs)).status).toBe(404);
      const verifies =
        (secret: string | null) =>
        ({ headers, body }: Parameters<Answer>[0]) => {
          try {
            new Webhook(secret ?? "").verify(body, headers);
            return true;
          } catch {
            return false;
          }
        };
      const challenges = world.posted.filter(verifies(second.signing_secret));
      expect(challenges).toHaveLength(1);
      expect(challenges.some(verifies(first.signing_secret))).toBe(false);
      expect(challenges[0]?.headers["webhook-signature"]?.split(" ")).toHaveLength(1);

      // A receiver that verifies before it echoes takes its owner's challenge alone.
      world.answers((post) => (verifies(second.signing_secret)(post) ? echoing(post) : { status: 401, text: "" }));
      world.tick(MINUTE);
      await world.work();
      expect(await world.stored()).toMatchObject({
        state: "active",
        contactEmail: "bob@example.net",
        preferences: { minimumImpact: "none" },
        quarantinedAt: null,
        unsubscribedAt: null,
      });
      for (const gone of ["rotation", "contactProvenAt", "quarantineReason", "health"]) {
        expect(await world.stored()).not.toHaveProperty(gone);
      }
      expect((await world.send("GET", portal)).status).toBe(404);
      expect((await world.send("GET", theirs)).status).toBe(200);
      // Whoever else registered it is nobody.
      world.answers(echoing);
      world.tick(HOUR);
      await world.work();
      expect(await world.stored()).toMatchObject({ contactEmail: "bob@example.net" });
    },
  );

  test("a chat's hook that was registered anew is its new contact's once they confirm it", async () => {
    const world = await webhookWorld();
    const { id } = await world.register({ endpoint: SLACK });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    await world.subscribers.changeState(PAGE_ID, "webhook", id, ["active"], "unsubscribed", START);
    world.tick(1_000);
    await world.register({ endpoint: SLACK, email: "bob@example.net" });
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unsubscribed", contactEmail: CONTACT });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    const now = { state: "active", contactEmail: "bob@example.net", contactProvenAt: START + 1_000 };
    expect(await world.find("webhook", SLACK)).toMatchObject(now);
  });
});

describe("caps", () => {
  test.each([
    ["ports", (made: number) => `https://receiver.example.org${made % 2 === 0 ? "" : ":8443"}/${made}`],
    ["a dot at its end", (made: number) => `https://receiver.example.org${made % 2 === 0 ? "" : "."}/${made}`],
  ])("of proven endpoints at one host, whatever its %s", async (_what, endpointOf) => {
    const world = await webhookWorld();
    const statuses: number[] = [];
    for (let made = 0; made < 21; made += 1) {
      statuses.push((await world.register({ endpoint: endpointOf(made) })).reply.status);
      await world.work();
      world.tick(HOUR / 2);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 422]);
    const { reply } = await world.register({ endpoint: endpointOf(21) });
    expect(reply.json).toMatchObject({ details: [{ field: "endpoint" }] });
    expect((await world.register({ endpoint: "https://other.example.org/" })).reply.status).toBe(201);
    // Who leaves makes room.
    const { items } = await world.subscribers.list(PAGE_ID, "webhook", 100, null);
    const gone = items.find(({ state }) => state === "active");
    await world.subscribers.changeState(PAGE_ID, "webhook", gone?.id ?? "", ["active"], "unsubscribed", START);
    expect((await world.register({ endpoint: endpointOf(22) })).reply.status).toBe(201);
  });

  test("do not count what proved nothing, nor what an operator added", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "" }));
    for (let made = 0; made < 40; made += 1) {
      const endpoint = `https://receiver.example.org/stranger/${made}`;
      expect((await world.register({ endpoint })).reply.status).toBe(201);
      await world.work();
      world.tick(HOUR / 15);
    }
    for (let made = 0; made < 20; made += 1) {
      const contact = {
        channel: "webhook" as const,
        endpoint: `https://receiver.example.org/${made}`,
        contactEmail: null,
        format: "statuspage" as const,
      };
      const scopes = { page: true, components: [], incidents: [] };
      const id = `endpoint${String(made).padStart(4, "0")}`;
      await world.subscribers.create(
        newSubscriber({ pageId: PAGE_ID, id, contact, scopes, locale: "en", confirmed: true }, START),
      );
    }
    world.answers(echoing);
    world.tick(2 * HOUR);
    expect((await world.register()).reply.status).toBe(201);
    await world.work();
    expect(await world.stored()).toMatchObject({ state: "active" });
  });

  test("of posts at one registrable domain, whatever its hosts, and however often a challenge is repeated", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 500, text: "" }));
    for (let made = 0; made < 20; made += 1) {
      await world.register({ endpoint: `https://host${made}.victim.example/${made}`, email: `a${made}@example.net` });
    }
    for (let minutes = 0; minutes < 51; minutes += 1) {
      await world.work();
      world.tick(60_000);
    }
    expect(world.posted).toHaveLength(30);
    expect(world.queues.sent.filter(({ queue }) => queue === "webhookRetry")).toEqual([]);
  });

  test("of whoever registers an endpoint anew that somebody else proved are a stranger's", async () => {
    const world = await webhookWorld();
    for (let index = 0; index < 8; index += 1) {
      const endpoint = `https://h${index}.victim.example/`;
      await world.register({ endpoint });
      await world.work();
      const found = await world.find("webhook", endpoint);
      if (found === null) throw new Error("not registered");
      await world.subscribers.changeState(PAGE_ID, "webhook", found.id, ["active"], "quarantined", world.now());
      world.tick(HOUR);
    }
    world.answers(() => ({ status: 500, text: "" }));
    world.posted.length = 0;
    for (let index = 0; index < 40; index += 1) {
      const [endpoint, source] = [`https://h${index % 8}.victim.example/`, `2001:db8:${index}::1`];
      await world.send("POST", "/subscriptions/webhooks", { json: { endpoint, email: CONTACT }, source });
      await world.work();
    }
    expect(world.posted).toHaveLength(30);
  });

  test("take nothing from whoever proved an endpoint, and asks for its challenge to bring it back", async () => {
    const world = await webhookWorld();
    const portal = await world.open();
    const { id } = await world.stored();
    await world.subscribers.changeState(PAGE_ID, "webhook", id, ["active"], "quarantined", world.now());
    world.answers(() => ({ status: 500, text: "" }));
    const { hostname } = new URL(ENDPOINT);
    for (let index = 0; index < 40; index += 1) {
      const [endpoint, source] = [index < 6 ? ENDPOINT : `https://${hostname}/${index}`, `2001:db8:${index}::1`];
      await world.send("POST", "/subscriptions/webhooks", { json: { endpoint, email: "x@example.net" }, source });
      await world.work();
    }
    world.answers(echoing);
    expect((await world.send("POST", `${portal}/challenge`, { json: {} })).status).toBe(202);
    await world.work();
    expect(await world.stored()).toMatchObject({ id, state: "active" });
  });

  test("of forty that prove themselves at once, twenty get a place", async () => {
    const world = await webhookWorld();
    for (let made = 0; made < 40; made += 1) {
      await world.register({ endpoint: `https://receiver.example.org/${made}` });
      world.tick(HOUR / 15);
    }
    const { items } = await world.subscribers.list(PAGE_ID, "webhook", 100, null);
    expect(items).toHaveLength(40);
    for (let hour = 0; hour < 2; hour += 1) {
      await world.work();
      world.tick(HOUR);
    }
    const later = (await world.subscribers.list(PAGE_ID, "webhook", 100, null)).items;
    expect(later.filter(({ state }) => state === "active")).toHaveLength(20);
  });

  test("of registrations by one source: 429, which says when", async () => {
    const world = await webhookWorld();
    const statuses: number[] = [];
    for (let made = 0; made < 21; made += 1) {
      const endpoint = `https://host${made}.example.org/`;
      statuses.push((await world.register({ endpoint })).reply.status);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 201), 429]);
    const { reply } = await world.register();
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
    expect((await world.work()).length).toBe(1);
  });

  test("of proofs asked of one endpoint", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "" }));
    const statuses: number[] = [];
    for (let made = 0; made < 6; made += 1) statuses.push((await world.register()).reply.status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429]);
  });

  test("a contact who was written to a moment ago gets no second mail, and is registered all the same", async () => {
    const world = await webhookWorld();
    await world.register();
    expect(await world.work()).toHaveLength(1);
    const { reply } = await world.register({ endpoint: "https://staging.example.org/", email: "Ops+x@example.org" });
    expect(reply.status).toBe(201);
    expect(await world.work()).toEqual([]);
  });

  test.each([
    ["quarantined", "complaint"],
    ["unsubscribed", "complaint"],
    ["quarantined", "bounce"],
  ] as const)("a contact who is %s for a %s is written to at no stranger's asking", async (state, reason) => {
    const world = await webhookWorld();
    const ada = await world.find("email", ADA);
    if (ada === null) throw new Error("Ada is gone");
    await world.subscribers.replace(ada, { ...ada, state, quarantineReason: reason });
    for (const endpoint of [ENDPOINT, SLACK]) {
      const { reply } = await world.register({ endpoint, email: ADA });
      // Nobody is told, for whoever asks is anybody.
      expect(reply).toMatchObject({ status: 201, json: { state: "unconfirmed" } });
      expect(await world.work()).toEqual([]);
      world.tick(HOUR);
    }
  });
});

describe("a chat's webhook", () => {
  test("is posted a first post, and is active once its contact has confirmed it", async () => {
    const world = await webhookWorld();
    const { reply } = await world.register({ endpoint: SLACK });
    expect(reply.json).toMatchObject({ format: "slack", signing_secret: null, confirmed_by: "mail to the contact" });
    const [mail] = await world.work();
    expect(world.posted).toHaveLength(1);
    expect(JSON.parse(world.posted[0]?.body ?? "")).toMatchObject({ text: expect.stringContaining("DRACOON") });
    const confirm = linkIn(mail, "confirm");
    const asked = await world.send("GET", confirm);
    expect(asked.status).toBe(200);
    expect(asked.text).toContain("Slack");
    expect(asked.text).toContain("hooks.slack.com");
    expect(asked.text).not.toContain("secret");
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unconfirmed" });
    expect((await world.send("POST", confirm)).text).toContain("Updates are posted to Slack");
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active", format: "slack" });
  });

  test("that refused its first post has nobody asked to confirm it, and its portal says why", async () => {
    const world = await webhookWorld();
    world.answers(() => ({ status: 404, text: "no_service" }));
    await world.register({ endpoint: SLACK });
    expect(await world.work()).toEqual([]);
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: SLACK } });
    const portal = linkIn((await world.work())[0], "portal");
    expect((await world.send("GET", portal)).text).toContain("was refused with HTTP 404");
    world.answers(() => ({ status: 200, text: "ok" }));
    world.tick(HOUR);
    await world.send("POST", `${portal}/challenge`, { json: {} });
    const confirm = linkIn((await world.work())[0], "confirm");
    await world.send("POST", confirm);
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active" });
  });

  test("that is active is really posted a test, and the portal shows how it went", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: SLACK } });
    const portal = linkIn((await world.work())[0], "portal");
    world.posted.length = 0;
    world.answers(() => ({ status: 403, text: "invalid_token" }));
    expect((await world.send("POST", `${portal}/test`, { json: {} })).status).toBe(202);
    await world.work();
    expect(world.posted).toHaveLength(1);
    expect(world.posted[0]?.body).toContain("Nothing has happened");
    expect(JSON.parse(world.posted[0]?.body ?? "")).toHaveProperty("blocks");
    const shown = await world.send("GET", portal, { headers: { accept: "application/json" } });
    expect(shown.json).toMatchObject({
      deliveries: [{ kind: "test", state: "failed", exchanges: [{ status: 403 }] }, { kind: "hello" }],
    });
  });

  test("whose host has no place left is told so, and stays unconfirmed", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    const confirm = linkIn((await world.work())[0], "confirm");
    const hook = await world.find("webhook", SLACK);
    if (hook?.channel !== "webhook") throw new Error("no hook");
    for (let made = 0; made < 500; made += 1) {
      const id = `endpoint${String(made).padStart(4, "0")}`;
      await world.subscribers.create({ ...hook, id, endpoint: `${SLACK}${made}`, confirmTokenHash: "aa" });
      await world.subscribers.confirmEndpoint(PAGE_ID, id, "aa", 500, START);
    }
    const reply = await world.send("POST", confirm);
    expect(reply).toMatchObject({ status: 409, text: expect.stringContaining("no place left") });
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unconfirmed" });
  });

  test("whose contact has had their one letter is answered as any, and mails nobody", async () => {
    const world = await webhookWorld();
    await world.register();
    await world.work();
    world.tick(24 * HOUR);
    expect((await world.register({ endpoint: SLACK })).reply.status).toBe(201);
    expect(await world.work()).toEqual([]);
  });
});

describe("somebody who is named as the contact of endpoints", () => {
  const VICTIM = "victim@example.org";

  test("gets exactly one letter, however many endpoints name them and whatever is asked, and tells nothing of a stranger's", async () => {
    const world = await webhookWorld();
    let mails: string[] = [];
    for (let index = 0; index < 58; index += 1) {
      const endpoint = index % 4 === 3 ? `${SLACK}${index}` : `https://buy-pills-${index}.example.org/x`;
      const source = `2001:db8:${index}::1`;
      const json = { endpoint, email: index % 2 === 0 ? VICTIM : `Victim+${index}@example.org` };
      expect((await world.send("POST", "/subscriptions/webhooks", { json, source })).status).toBe(201);
      await world.send("POST", "/portal", { json: { endpoint }, source });
      mails = [...mails, ...(await world.work())];
      world.tick(24 * HOUR);
    }
    expect(mails).toHaveLength(1);
    expect(mails.join()).not.toContain("pills");
    expect(mails.join()).toContain("decline ");
  });

  test("closes their mailbox by its link, for ever and whatever was removed, which opening it does not", async () => {
    const world = await webhookWorld();
    const { id } = await world.register({ email: VICTIM });
    const decline = linkIn((await world.work())[0], "decline");
    expect((await world.send("GET", decline)).text).toContain('<form method="post">');
    await world.subscribers.remove(PAGE_ID, "webhook", id);
    world.tick(100 * 24 * HOUR);
    expect((await world.send("GET", decline)).status).toBe(200);
    expect((await world.send("POST", decline)).status).toBe(200);
    await world.send("POST", "/subscriptions/email", { json: { email: "Victim+x@example.org" } });
    await world.register({ email: VICTIM, endpoint: "https://other.example.org/" });
    expect(await world.work()).toEqual([]);
    const forged = `${decline.slice(0, -2)}${decline.endsWith("A") ? "BA" : "AA"}`;
    expect((await world.send("POST", forged)).status).toBe(404);
  });

  test("is told when their link ends with a registration that proves nothing, and not once it is proven", async () => {
    const world = await webhookWorld();
    await world.register();
    const [mail] = await world.work();
    expect(mail).toContain("days to prove: 1");
    await world.send("POST", `${linkIn(mail, "portal")}/contact`);
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    expect((await world.work())[0]).toContain("days to prove: null");
  });

  test("is the contact once they do anything by their link, and not by opening it", async () => {
    const world = await webhookWorld();
    await world.register();
    const portal = linkIn((await world.work())[0], "portal");
    expect((await world.send("GET", portal)).text).toContain("Mail me when it stops working");
    expect(await world.stored()).not.toHaveProperty("contactProvenAt");
    expect((await world.send("POST", `${portal}/contact`)).status).toBe(303);
    expect(await world.stored()).toMatchObject({ contactProvenAt: START });
    expect((await world.send("GET", portal)).text).not.toContain("Mail me when it stops working");
    // From now on a lost link is mailed anew.
    world.tick(HOUR);
    await world.send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    const [mail] = await world.work();
    expect(mail).toContain("portal ");
    expect(mail).not.toContain("decline ");
    // And another endpoint's is not theirs by that.
    world.tick(HOUR);
    await world.register({ endpoint: "https://buy-pills.example.org/" });
    const [other] = await world.work();
    expect(other).toContain("decline ");
    expect(other).not.toContain("pills");
  });

  test("is proven by confirming a chat's hook", async () => {
    const world = await webhookWorld();
    await world.register({ endpoint: SLACK });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "active", contactProvenAt: START });
  });
});
