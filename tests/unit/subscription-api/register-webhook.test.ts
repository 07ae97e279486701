import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { linkIn, PAGE_ID, START } from "./subscription-world.ts";
import { type Answer, CONTACT, ENDPOINT, echoing, webhookWorld } from "./webhook-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLACK = "https://hooks.slack.com/services/T1/B2/secret";

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
      await world.subscribers.changeState(PAGE_ID, "webhook", first.id, { from: states, to: state }, START);
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
    await world.subscribers.changeState(PAGE_ID, "webhook", id, { from: ["active"], to: "unsubscribed" }, START);
    world.tick(1_000);
    await world.register({ endpoint: SLACK, email: "bob@example.net" });
    expect(await world.find("webhook", SLACK)).toMatchObject({ state: "unsubscribed", contactEmail: CONTACT });
    await world.send("POST", linkIn((await world.work())[0], "confirm"));
    const now = { state: "active", contactEmail: "bob@example.net", contactProvenAt: START + 1_000 };
    expect(await world.find("webhook", SLACK)).toMatchObject(now);
  });
});
