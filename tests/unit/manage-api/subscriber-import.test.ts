import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addressMac } from "../../../functions/core/address-mac.ts";
import type { Subscriber } from "../../../functions/core/subscriber.ts";
import { RUN_LEASE_MS } from "../../../functions/store/access/access-items.ts";
import { aSubscriber } from "../../contract/samples.ts";
import type { Reply } from "../../fakes/http-client.ts";
import { manageWorld, PAGE } from "./manage-world.ts";

const answer = z.object({
  created: z.number(),
  exists: z.number(),
  refused: z.number(),
  rows: z.array(z.looseObject({ line: z.number(), outcome: z.string() })),
});
const rowsOf = ({ status, text, json }: Reply) => {
  expect(status, text).toBe(200);
  return answer.parse(json).rows;
};
const outcomes = (reply: Reply) => rowsOf(reply).map(({ outcome }) => outcome);

const exported = z.object({
  subscribers: z.array(z.looseObject({ id: z.string() })),
  next_cursor: z.nullable(z.string()),
});

async function everybody(world: Awaited<ReturnType<typeof manageWorld>>): Promise<Subscriber[]> {
  const lists = await Promise.all(
    (["email", "sms", "webhook"] as const).map((channel) => world.subscribers.list(PAGE.id, channel, 1_000, null)),
  );
  return lists.flatMap(({ items }) => items);
}

describe("import", () => {
  test("takes every channel, state and preference", async () => {
    const world = await manageWorld();
    const web = await world.component("Web App");
    const incident = await world.incident();
    const subscribers = [
      { line: 2, email: "ada@example.org", state: "active", components: ["web app"], locale: "de" },
      { line: 3, phone_number: "01512 3456789", phone_country: "de", updates: "all", minimum_impact: "major" },
      {
        line: 4,
        endpoint: "https://hooks.example.org/in",
        email: "ops@example.org",
        format: "slack",
        statuses: ["resolved"],
      },
      { line: 5, email: "left@example.org", state: "unsubscribed", incidents: [incident] },
      { line: 6, email: "bad@example.org", state: "quarantined", quarantine_reason: "bounce", paused: "true" },
    ];
    const reply = await world.post("/subscribers/import", { subscribers });
    expect(reply.json).toMatchObject({ created: 5, exists: 0, refused: 0 });
    expect(rowsOf(reply).map(({ line }) => line)).toEqual([2, 3, 4, 5, 6]);
    const now = world.deps.clock();
    const stored = await Promise.all(
      rowsOf(reply).map(({ id }) => world.subscribers.find(PAGE.id, z.string().parse(id))),
    );
    expect(stored).toMatchObject([
      {
        email: "ada@example.org",
        state: "active",
        confirmedAt: now,
        locale: "de",
        scopes: { page: false, components: [web], incidents: [] },
      },
      {
        phone: "+4915123456789",
        state: "active",
        preferences: { updates: "all", minimumImpact: "major" },
        scopes: { page: true, components: [], incidents: [] },
      },
      { contactEmail: "ops@example.org", format: "slack", statuses: ["resolved"] },
      {
        state: "unsubscribed",
        unsubscribedAt: now,
        confirmedAt: null,
        scopes: { page: false, components: [], incidents: [incident] },
      },
      { state: "quarantined", quarantinedAt: now, quarantineReason: "bounce", pausedAt: now },
    ]);
    expect(world.mails).toEqual([]);
  });

  test("who is not vouched for is asked to confirm, unless the mails are to wait", async () => {
    const world = await manageWorld();
    const subscribers = [{ email: "a@example.org" }, { email: "b@example.org", state: "active" }];
    await world.post("/subscribers/import", { subscribers });
    expect(world.mails).toHaveLength(1);
    await world.post("/subscribers/import", { subscribers: [{ email: "c@example.org" }], confirmed: true });
    await world.post("/subscribers/import", { subscribers: [{ email: "d@example.org" }], send_confirmations: false });
    expect(world.mails).toHaveLength(1);
    const states = Object.fromEntries(
      (await everybody(world)).map((each) => [each.channel === "email" ? each.email[0] : "", each.state]),
    );
    expect(states).toEqual({ a: "unconfirmed", b: "active", c: "active", d: "unconfirmed" });
    expect((await world.post("/subscribers/resend_confirmation", { subscribers: "all" })).json).toMatchObject({
      sent: 1,
    });
  });

  test("whose language nobody says has the page's", async () => {
    const world = await manageWorld();
    expect((await world.send("PATCH", world.at, { json: { page: { locale: "de" } } })).status).toBe(200);
    await world.post("/subscribers/import", {
      subscribers: [{ email: "a@example.org" }, { email: "b@example.org", locale: "en" }],
    });
    await world.post("/subscribers", { subscriber: { email: "c@example.org" } });
    const locales = (await everybody(world)).map(({ locale }) => locale);
    expect(locales.sort()).toEqual(["de", "de", "en"]);
  });

  test("who is there already stays as they are, also who has left; doubles of a request are one", async () => {
    const world = await manageWorld();
    const there = aSubscriber(PAGE.id, { email: "ada@example.org", state: "unsubscribed", unsubscribedAt: 1 });
    await world.subscribers.create(there);
    const subscribers = [{ email: "ADA@example.org" }, { email: "b@example.org" }, { email: "B@example.org" }];
    const reply = await world.post("/subscribers/import", { subscribers, confirmed: true });
    expect(outcomes(reply)).toEqual(["exists", "created", "exists"]);
    expect(rowsOf(reply)[0]).toMatchObject({ line: 1, id: there.id });
    expect(rowsOf(reply)[2]?.id).toBe(rowsOf(reply)[1]?.id);
    expect(await world.subscribers.get(PAGE.id, "email", there.id)).toEqual(there);
  });

  test("a bad row is refused with its column, and the others are created", async () => {
    const world = await manageWorld();
    await world.component("Twice");
    await world.component("Twice", { description: "again" });
    const subscribers = [
      { email: "nobody" },
      {},
      { phone_number: "12", phone_country: "DE" },
      { phone_number: "+12015550123" },
      { endpoint: "http://hooks.example.org/" },
      { email: "a@example.org", state: "asleep" },
      { email: "a@example.org", components: ["secret@example.org"] },
      { email: "a@example.org", components: ["twice"] },
      { email: "a@example.org", incidents: ["nosuchthing0"] },
      { email: "a@example.org", locale: "fr" },
      { email: "a@example.org", minimum_impact: "huge" },
      "ada",
      { email: "good@example.org" },
    ];
    const reply = await world.post("/subscribers/import", { subscribers, confirmed: true });
    expect(reply.json).toMatchObject({ created: 1, exists: 0, refused: 12 });
    expect(rowsOf(reply).map(({ field }) => field)).toEqual([
      "email",
      "email",
      "phone_number",
      "phone_number",
      "endpoint",
      "state",
      "components",
      "components",
      "incidents",
      "locale",
      "minimum_impact",
      "body",
      undefined,
    ]);
    expect(rowsOf(reply)[5]?.problem).toBe("must be one of unconfirmed, active, quarantined, unsubscribed");
    expect(rowsOf(reply)[7]?.problem).toContain("several components");
    expect(reply.text).not.toContain("secret@");
    expect(await everybody(world)).toHaveLength(1);
  });

  test("a blocked address is refused, and says why", async () => {
    const world = await manageWorld();
    const mac = addressMac(await world.access.currentSigningKey(PAGE.id), "email", "ada@example.org");
    await world.subscribers.block(PAGE.id, "email", mac, "not asked for", 1);
    const reply = await world.post("/subscribers/import", { subscribers: [{ email: "Ada@example.org" }] });
    expect(rowsOf(reply)).toMatchObject([
      { outcome: "refused", field: "email", problem: expect.stringMatching("blocked") },
    ]);
    expect(await everybody(world)).toEqual([]);
  });

  test("under one Idempotency-Key it happens once, whether the answer or the run was lost", async () => {
    const world = await manageWorld();
    const key = { "idempotency-key": "people-1" };
    const body = { subscribers: [{ email: "a@example.org" }, { email: "b@example.org" }], confirmed: true };
    const complete = world.access.completeIdempotent;
    world.access.completeIdempotent = () => Promise.reject(new Error("died"));
    const first = await world.post("/subscribers/import", body, key);
    world.access.completeIdempotent = complete;
    world.tick(RUN_LEASE_MS);
    const second = await world.post("/subscribers/import", body, key);
    expect(rowsOf(second)).toEqual(rowsOf(first));
    expect(outcomes(second)).toEqual(["created", "created"]);
    expect((await world.post("/subscribers/import", body, key)).json).toEqual(first.json);
    expect(await everybody(world)).toHaveLength(2);
  });

  describe("a letter that cannot be queued", () => {
    const people = Array.from({ length: 60 }, (_, n) => ({ line: n + 2, email: `p${n}@example.org` }));
    const key = { "idempotency-key": "people-1" };

    /** Every tenth letter fails once, and its row is reported. */
    async function flakyWorld() {
      const world = await manageWorld();
      const { sendLetter } = world.deps.letters;
      let calls = 0;
      world.deps.letters.sendLetter = async (work) => {
        calls += 1;
        if (calls <= people.length && calls % 10 === 0) throw new Error("throttled");
        return sendLetter(work);
      };
      const mailed = () => world.mails.map(({ subscriberId }) => subscriberId).sort();
      return { ...world, mailed };
    }
    const idsIn = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => id).sort();

    test("costs its own row the confirmation, which is told, and sending it again makes it good", async () => {
      const world = await flakyWorld();
      const reply = await world.post("/subscribers/import", { subscribers: people }, key);
      expect(reply.json).toMatchObject({ created: 60, refused: 0, confirmations_not_sent: 6 });
      const unsent = rowsOf(reply).filter(({ confirmation }) => confirmation === "not sent");
      expect(unsent).toHaveLength(6);
      expect(world.logged.filter((line) => line.includes("throttled"))).toHaveLength(1);
      expect(world.logged.join()).not.toContain("@example.org");
      const resent = await world.post("/subscribers/resend_confirmation", { subscribers: "all" });
      expect(resent.json).toMatchObject({ sent: 6, unchanged: 54 });
      expect(world.mailed()).toEqual(idsIn(rowsOf(reply)));
    });

    test("is sent by a run that is run again, and nothing else is", async () => {
      const world = await flakyWorld();
      const complete = world.access.completeIdempotent;
      world.access.completeIdempotent = () => Promise.reject(new Error("died"));
      const first = await world.post("/subscribers/import", { subscribers: people }, key);
      world.access.completeIdempotent = complete;
      world.tick(RUN_LEASE_MS);
      const links = async () =>
        new Map((await everybody(world)).map(({ id, confirmTokenHash }) => [id, confirmTokenHash]));
      const before = await links();
      const second = await world.post("/subscribers/import", { subscribers: people }, key);
      expect(second.json).toMatchObject({ created: 60, confirmations_not_sent: 0 });
      expect(world.mailed()).toEqual(idsIn(rowsOf(first)));
      for (const [id, hash] of await links()) expect(hash).toBe(before.get(id) ?? hash);
    });
  });

  test("a blocked address is refused however often it is there", async () => {
    const world = await manageWorld();
    const mac = addressMac(await world.access.currentSigningKey(PAGE.id), "email", "ada@example.org");
    await world.subscribers.block(PAGE.id, "email", mac, "complaint", 1);
    const emails = ["ada@example.org", "Ada@example.org", "ada+x@example.org", "ada+x@example.org"];
    const reply = await world.post("/subscribers/import", { subscribers: emails.map((email) => ({ email })) });
    expect(reply.json).toMatchObject({ created: 0, exists: 0, refused: 4 });
    expect(await everybody(world)).toEqual([]);
  });

  test("whoever is there already, and in the request twice, is told by their own id", async () => {
    const world = await manageWorld();
    const there = aSubscriber(PAGE.id, { email: "ada@example.org" });
    await world.subscribers.create(there);
    const subscribers = [{ email: there.email }, { email: there.email }];
    const rows = rowsOf(await world.post("/subscribers/import", { subscribers }));
    expect(rows.map(({ id }) => id)).toEqual([there.id, there.id]);
  });

  test("whoever complained and left is so in the next place too", async () => {
    const world = await manageWorld();
    const complained = { state: "unsubscribed", unsubscribedAt: 1, quarantineReason: "complaint" } as const;
    const one = aSubscriber(PAGE.id, complained);
    await world.subscribers.create(one);
    const { subscribers } = exported.parse((await world.get("/subscribers/export")).json);
    const other = await manageWorld();
    await other.post("/subscribers/import", { subscribers });
    expect(await everybody(other)).toMatchObject([{ state: "unsubscribed", quarantineReason: "complaint" }]);
  });

  test("a fault of ours is no refusal: the request fails and can be repeated", async () => {
    const world = await manageWorld();
    const create = world.subscribers.create;
    world.subscribers.create = (subscriber) =>
      subscriber.channel === "sms" ? Promise.reject(new Error("throttled")) : create(subscriber);
    const body = { subscribers: [{ email: "a@example.org" }, { phone_number: "+4915123456789" }], confirmed: true };
    expect((await world.post("/subscribers/import", body)).status).toBe(500);
    world.subscribers.create = create;
    expect(outcomes(await world.post("/subscribers/import", body))).toEqual(["exists", "created"]);
  });

  test.each([
    ["subscribers", {}],
    ["subscribers", { subscribers: "all" }],
    ["subscribers", { subscribers: [] }],
    ["subscribers", { subscribers: Array.from({ length: 501 }, () => ({ email: "a@example.org" })) }],
    ["confirmed", { subscribers: [{ email: "a@example.org" }], confirmed: "perhaps" }],
  ])("422 names %s", async (field, body) => {
    const world = await manageWorld();
    const reply = await world.post("/subscribers/import", body);
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await everybody(world)).toEqual([]);
  });
});

describe("export", () => {
  test("tells everybody once, page by page, and import takes it", async () => {
    const world = await manageWorld();
    const incident = await world.incident();
    const web = await world.component("Web");
    const subscribers = [
      ...Array.from({ length: 7 }, (_, index) => ({ email: `p${index}@example.org` })),
      { email: "deaf@example.org", page: false },
      { email: "left@example.org", state: "unsubscribed", components: [web], incidents: [incident] },
      { email: "bad@example.org", state: "quarantined", quarantine_reason: "complaint", paused: true, locale: "de" },
      { phone_number: "+4915123456789", updates: "all", minimum_impact: "minor" },
      { endpoint: "https://hooks.example.org/a", format: "teams", statuses: ["resolved"], email: "ops@example.org" },
    ];
    await world.post("/subscribers/import", { subscribers, send_confirmations: false });
    const rows: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const path: string = `/subscribers/export?unconfirmed=true&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page: z.infer<typeof exported> = exported.parse((await world.get(path)).json);
      expect(page.subscribers.length).toBeLessThanOrEqual(3);
      rows.push(...page.subscribers);
      cursor = page.next_cursor;
    }
    expect(rows).toHaveLength(subscribers.length);

    const before = await everybody(world);
    for (const { channel, id } of before) await world.subscribers.remove(PAGE.id, channel, id);
    await world.post("/subscribers/import", { subscribers: rows, send_confirmations: false });
    const bare = (all: readonly Subscriber[]) =>
      all.map(({ id: _, ...rest }) => JSON.stringify({ ...rest, confirmTokenHash: null })).sort();
    expect(bare(await everybody(world))).toEqual(bare(before));
  });

  test.each(["cursor=x", "cursor=pigeon", "cursor=email.zz.1", "limit=many", "unconfirmed=1"])(
    "422 for %s",
    async (query) => {
      const world = await manageWorld();
      const field = query.split("=")[0];
      const reply = await world.get(`/subscribers/export?${query}`);
      expect(reply).toMatchObject({ status: 422, json: { details: [{ field }] } });
    },
  );
});
