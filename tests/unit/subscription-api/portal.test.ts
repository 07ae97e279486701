import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Component } from "../../../functions/core/component.ts";
import type { Delivery } from "../../../functions/core/delivery.ts";
import { linkToken } from "../../../functions/core/link-token.ts";
import { otherReason } from "../../../functions/core/reason.ts";
import { webhookSecret } from "../../../functions/core/webhook-signature.ts";
import { aComponent } from "../../contract/samples.ts";
import { linkIn, PAGE_ID, START } from "./subscription-world.ts";
import { CONTACT, ENDPOINT, webhookWorld } from "./webhook-world.ts";

const DAY = 24 * 60 * 60_000;
const JSON_TYPE = { headers: { accept: "application/json" } };
const FORM = "application/x-www-form-urlencoded";

const portalSchema = z.object({
  endpoint: z.object({ state: z.string(), paused_at: z.string().nullable() }),
  deliveries: z.array(
    z.object({
      kind: z.string(),
      state: z.string(),
      sequence: z.number().nullable(),
      exchanges: z.array(z.object({ status: z.number().nullable(), response_head: z.string().nullable() })),
    }),
  ),
  open: z.boolean(),
  revision: z.string(),
});

// The library verifies by the real clock.
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ["Date"] }));
afterEach(() => vi.useRealTimers());

async function opened() {
  const world = await webhookWorld();
  const path = await world.open();
  const subscriber = await world.stored();
  const look = async () => portalSchema.parse((await world.send("GET", path, JSON_TYPE)).json);
  const act = (to: string, json: object = {}) => world.send("POST", `${path}/${to}`, { json });
  const submit = (to: string, fields: Record<string, string> = {}) =>
    world.send("POST", `${path}/${to}`, { body: new URLSearchParams(fields).toString(), contentType: FORM });
  const record = async (fields: Partial<Delivery> = {}): Promise<Delivery> => {
    const delivery: Delivery = {
      pageId: PAGE_ID,
      subscriberId: subscriber.id,
      subject: { kind: "incident", id: "incident0001" },
      updateId: "update000001",
      seq: 1,
      channel: "webhook",
      chunk: 0,
      state: "failed",
      attempts: 10,
      unknownOutcomes: 0,
      providerId: null,
      reason: otherReason("http 500"),
      committedAt: world.now(),
      firstAttemptAt: world.now(),
      updatedAt: world.now(),
      nextAttemptAt: null,
      leaseUntil: null,
      exchanges: [{ at: world.now(), ms: 31, status: 500, head: "<b>broken</b>" }],
      ...fields,
    };
    await world.ledger.recordDeliveries([delivery]);
    return delivery;
  };
  return { ...world, path, subscriber, look, act, submit, record };
}

test("shows the endpoint, what was sent and how it answered, and loads nothing from elsewhere", async () => {
  const { send, path, record } = await opened();
  await record();
  const { status, text, headers } = await send("GET", path);
  expect(status).toBe(200);
  for (const shown of [ENDPOINT, CONTACT, "Active", "HTTP 500", "31 ms", "&lt;b>broken&lt;/b>"]) {
    expect(text).toContain(shown);
  }
  expect(headers).toMatchObject({ "referrer-policy": "no-referrer", "cache-control": "no-store" });
  expect(headers["content-security-policy"]).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  );
  expect(text).not.toMatch(/<img|<link|src=|@import|url\(/);
  expect(text).not.toMatch(/whsec_/);
});

describe("a component's change without an incident", () => {
  const COMPONENT = aComponent({ id: "component001", name: "Sign-in" });
  const CHANGE = { subject: { kind: "component", id: COMPONENT.id }, updateId: "change000001", seq: 7 } as const;
  const openedWith = async (...components: Component[]) => {
    const world = await opened();
    await world.status.saveCatalog(PAGE_ID, { version: 0, components, groups: [] }, null);
    world.tick(1_000);
    return world;
  };

  test("says which component it is of, and that it is none of an incident", async () => {
    const { send, path, record } = await openedWith(COMPONENT);
    await record(CHANGE);
    const { json } = await send("GET", path, JSON_TYPE);
    expect(json).toMatchObject({
      deliveries: [
        {
          kind: "component change",
          incident_id: null,
          incident_update_id: null,
          incident_name: null,
          update_status: null,
          component_id: COMPONENT.id,
          component_update_id: "change000001",
          component_name: COMPONENT.name,
          sequence: 7,
        },
        { kind: "challenge", incident_id: null, sequence: null },
      ],
    });
    const { text } = await send("GET", path);
    expect(text).toMatch(new RegExp(`>${COMPONENT.name}</span>`));
    expect(text).toContain("Component change · ");
    expect(text).not.toContain("no longer known");
  });

  test("of one that was deleted since says that it was", async () => {
    const { send, path, record } = await openedWith();
    await record(CHANGE);
    const { json } = await send("GET", path, JSON_TYPE);
    expect(json).toMatchObject({ deliveries: [{ component_id: COMPONENT.id, component_name: null }, {}] });
    expect((await send("GET", path)).text).toContain("A component that has been deleted since");
  });

  test("is replayed by the component's id, as the page does", async () => {
    const { send, path, act, submit, record, tick } = await openedWith(COMPONENT);
    await record(CHANGE);
    expect((await send("GET", path)).text).toContain(`name="component_id" value="${COMPONENT.id}"`);
    expect((await act("replay", { component_id: COMPONENT.id, sequence: 7 })).json).toEqual({
      delivery: {
        kind: "component change",
        incident_id: null,
        incident_update_id: null,
        component_id: COMPONENT.id,
        component_update_id: "change000001",
        component_name: COMPONENT.name,
        sequence: 7,
        state: "retrying",
      },
    });
    tick(1_000);
    await record({ ...CHANGE, seq: 8 });
    expect((await submit("replay", { component_id: COMPONENT.id, sequence: "8" })).status).toBe(303);
    // So the portal told programs to name it, before it named the component.
    await record({ ...CHANGE, seq: 9 });
    expect((await act("replay", { incident_id: COMPONENT.id, sequence: 9 })).status).toBe(202);
  });

  test.each([{}, { incident_id: "incident0001", component_id: "component001" }])(
    "is not replayed by %o: one id, of either",
    async (ids) => {
      const { act } = await opened();
      expect((await act("replay", { ...ids, sequence: 7 })).status).toBe(422);
    },
  );
});

describe("a link that does not work", () => {
  test("is one and the same 404, for people and for programs", async () => {
    const { send, path, subscriber, key } = await opened();
    const reference = await send("GET", "/portal/reference");
    expect(reference.status).toBe(404);
    const subject = { pageId: PAGE_ID, channel: "webhook" as const, subscriberId: subscriber.id };
    const bound = JSON.stringify([CONTACT, ENDPOINT, subscriber.createdAt]);
    const tokens = [
      `${path.slice("/portal/".length)}A`,
      linkToken(key, "manage", subject, START + DAY, JSON.stringify(["mallory@example.net", ENDPOINT, START])),
      linkToken(key, "resubscribe", subject, START + DAY, bound),
      linkToken(key, "manage", subject, START - 1, bound),
      linkToken({ ...key, key: new Uint8Array(32) }, "manage", subject, START + DAY, bound),
    ];
    for (const token of tokens) {
      expect(await send("GET", `/portal/${token}`)).toEqual(reference);
      expect(await send("POST", `/portal/${token}/delete`, { body: "", contentType: FORM })).toEqual(reference);
      expect(await send("POST", `/portal/${token}/delete`, { json: {} })).toMatchObject({
        status: 404,
        json: { error: "This link does not work" },
      });
    }
  });

  test("is one older than 30 days", async () => {
    const { send, path, tick } = await opened();
    tick(30 * DAY - 1_000);
    expect((await send("GET", path)).status).toBe(200);
    tick(2_000);
    expect((await send("GET", path)).status).toBe(404);
  });
});

test("GET and HEAD change nothing on any of its paths", async () => {
  const { send, path, stored, queues } = await opened();
  const before = await stored();
  const sent = queues.sent.length;
  for (const to of ["", "/test", "/replay", "/replay-failed", "/rotate-secret", "/pause", "/delete", "/challenge"]) {
    for (const method of ["GET", "HEAD", "OPTIONS"]) await send(method, `${path}${to}?done=test&from=1`);
  }
  expect(await stored()).toEqual(before);
  expect(queues.sent).toHaveLength(sent);
});

describe("a test", () => {
  test("is posted in the form of an update, signed, and shows in the list", async () => {
    const { act, work, posted, look, subscriber, key } = await opened();
    expect((await act("test")).status).toBe(202);
    await work();
    const { headers, body } = posted.at(-1) ?? { headers: {}, body: "" };
    const verified = new Webhook(webhookSecret(key, PAGE_ID, subscriber.id, 1)).verify(body, headers);
    expect(verified).toMatchObject({ test: true, incident: { status: "resolved", impact: "none" } });
    const { deliveries } = await look();
    expect(deliveries).toContainEqual(expect.objectContaining({ kind: "test", state: "accepted" }));
  });

  test("can be sent ten times an hour", async () => {
    const { act, submit, tick } = await opened();
    for (let sent = 0; sent < 10; sent += 1) expect((await act("test")).status).toBe(202);
    expect((await act("test")).status).toBe(429);
    const page = await submit("test");
    expect(page.status).toBe(429);
    expect(page.text).toContain("Too many tests");
    tick(60 * 60_000);
    expect((await act("test")).status).toBe(202);
  });
});

describe("replay", () => {
  test("of one makes it due at once", async () => {
    const { submit, record, look, work, replays, tick } = await opened();
    tick(1_000);
    const { subject } = await record();
    const reply = await submit("replay", { incident_id: subject.id, sequence: "1" });
    expect(reply).toMatchObject({ status: 303, headers: { location: expect.stringMatching(/\?done=replay$/) } });
    expect(await look()).toMatchObject({ open: true, deliveries: [{ state: "retrying" }, { kind: "challenge" }] });
    await work();
    expect(replays()).toBe(1);
    expect((await submit("replay", { incident_id: subject.id, sequence: "1" })).status).toBe(409);
  });

  test("of what is too old is refused, and is not offered", async () => {
    const { record, send, tick, work, replays } = await opened();
    const { subject } = await record();
    tick(84 * DAY);
    await send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    const path = linkIn((await work())[0], "portal");
    expect((await send("GET", path)).text).not.toContain('name="sequence"');
    const one = { incident_id: subject.id, sequence: 1 };
    expect(await send("POST", `${path}/replay`, { json: one })).toMatchObject({
      status: 409,
      json: { error: expect.stringContaining("83 days") },
    });
    const all = await send("POST", `${path}/replay-failed`, { json: { hours: 90 * 24 } });
    expect(all.json).toEqual({ queued: 0, already_open: 0, left: 0 });
    expect(replays()).toBe(0);
  });

  test("of what is not there, and of a probe", async () => {
    const { act, ledger, subscriber } = await opened();
    expect((await act("replay", { incident_id: "noincident00", sequence: 1 })).status).toBe(404);
    const { items } = await ledger.listSubscriberDeliveries(PAGE_ID, subscriber.id, 1, null);
    const reply = await act("replay", { incident_id: items[0]?.subject.id, sequence: 0 });
    expect(reply.status).toBe(422);
  });

  test("of what failed takes the last day, and what quarantine kept back, oldest first, a hundred at a time", async () => {
    const { act, record, tick, work, replays } = await opened();
    await record({ seq: 1, updateId: "longago00000" });
    tick(2 * DAY);
    for (let seq = 2; seq <= 102; seq += 1) await record({ seq, updateId: `update${String(seq).padStart(6, "0")}` });
    await record({ seq: 103, updateId: "update000103", state: "suppressed", reason: "quarantined" });
    await record({ seq: 104, updateId: "update000104", state: "suppressed", reason: "withdrawn" });
    await record({ seq: 105, updateId: "update000105", state: "accepted", reason: null });
    expect((await act("replay-failed")).json).toEqual({ queued: 100, already_open: 0, left: 2 });
    expect((await act("replay-failed")).json).toEqual({ queued: 2, already_open: 0, left: 0 });
    expect((await act("replay-failed", { hours: 72 })).json).toEqual({ queued: 1, already_open: 0, left: 0 });
    await work();
    expect(replays()).toBe(103);
  });

  test("is refused while nothing is sent", async () => {
    const { act, record } = await opened();
    const { subject } = await record();
    await act("pause");
    expect((await act("replay", { incident_id: subject.id, sequence: 1 })).status).toBe(409);
    expect((await act("replay-failed")).status).toBe(409);
  });
});

describe("the secret", () => {
  test("is changed once, however often the form is sent, and the link goes on working", async () => {
    const { submit, stored, send, path, key, subscriber } = await opened();
    for (let time = 0; time < 2; time += 1) {
      const page = await submit("rotate-secret", { from: "1" });
      expect(page.status).toBe(200);
      expect(page.text).toContain(webhookSecret(key, PAGE_ID, subscriber.id, 2));
    }
    expect(await stored()).toMatchObject({ secretVersion: 2 });
    expect((await send("GET", path)).status).toBe(200);
  });

  test("an old form does not show the present one", async () => {
    const { submit, tick, stored } = await opened();
    await submit("rotate-secret", { from: "1" });
    tick(DAY);
    const page = await submit("rotate-secret", { from: "1" });
    expect(page.status).toBe(409);
    expect(page.text).not.toContain("whsec_");
    expect(await stored()).toMatchObject({ secretVersion: 2 });
  });
});

test("pause and resume", async () => {
  const { submit, look, stored } = await opened();
  expect((await submit("pause")).status).toBe(303);
  expect((await look()).endpoint.paused_at).toBe("2025-07-07T12:05:00.000+02:00");
  expect((await submit("resume")).status).toBe(303);
  expect((await stored()).pausedAt).toBeNull();
});

describe("the filter", () => {
  test("of a form: boxes that are not ticked are not sent", async () => {
    const { submit, stored } = await opened();
    await submit("filter", { scope: "page", all_statuses: "false", "statuses[]": "resolved", minimum_impact: "major" });
    expect(await stored()).toMatchObject({
      scopes: { page: true, components: [] },
      statuses: ["resolved"],
      preferences: { updates: "all", minimumImpact: "major" },
    });
    await submit("filter", { scope: "page", all_statuses: "true", "statuses[]": "resolved", minimum_impact: "none" });
    expect(await stored()).toMatchObject({ statuses: null, preferences: { minimumImpact: "none" } });
  });

  test("of JSON: what is left out stays", async () => {
    const { act, stored } = await opened();
    expect((await act("filter", { statuses: ["investigating", "resolved"] })).status).toBe(200);
    expect((await act("filter", { minimum_impact: "critical" })).status).toBe(200);
    expect(await stored()).toMatchObject({
      statuses: ["investigating", "resolved"],
      preferences: { minimumImpact: "critical" },
    });
  });

  test.each([
    [{ scope: "components" }, "component_ids"],
    [{ component_ids: ["nocomponent0"] }, "component_ids"],
    [{ all_statuses: "false" }, "statuses"],
    [{ format: "slack" }, "format"],
  ])("%j is refused", async (fields, field) => {
    const { act, stored } = await opened();
    const before = await stored();
    expect(await act("filter", fields)).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await stored()).toEqual(before);
  });
});

test.each(["quarantined", "unsubscribed"] as const)(
  "an endpoint that is %s comes back by its challenge",
  async (state) => {
    const { submit, subscribers, subscriber, stored, work, send, path } = await opened();
    await subscribers.changeState(PAGE_ID, "webhook", subscriber.id, { from: ["active"], to: state }, START);
    expect((await send("GET", path)).text).toContain(state === "quarantined" ? "In quarantine" : "Unsubscribed");
    expect((await submit("challenge")).status).toBe(303);
    expect(await stored()).toMatchObject({ state: "unconfirmed", secretVersion: 1, quarantinedAt: null });
    await work();
    expect(await stored()).toMatchObject({ state: "active" });
    expect((await submit("challenge")).status).toBe(409);
  },
);

test("before the endpoint is confirmed its answers are not shown, nor what was sent before it was registered", async () => {
  const world = await webhookWorld();
  world.answers(() => ({ status: 200, text: "internal page" }));
  const path = await world.open();
  const { id } = await world.stored();
  const [challenge] = (await world.ledger.listSubscriberDeliveries(PAGE_ID, id, 10, null)).items;
  if (challenge === undefined) throw new Error("no challenge recorded");
  await world.ledger.recordDeliveries([
    { ...challenge, subject: { ...challenge.subject, id: "before000000" }, committedAt: START - 1 },
  ]);
  const page = await world.send("GET", path);
  expect(page.text).toContain("HTTP 200");
  expect(page.text).not.toContain("internal page");
  const { deliveries } = portalSchema.parse((await world.send("GET", path, JSON_TYPE)).json);
  expect(deliveries).toHaveLength(1);
  expect(deliveries[0]?.exchanges[0]).toEqual({ status: 200, response_head: null });
});

test("delete removes the endpoint and with it the link", async () => {
  const { submit, find, send, path } = await opened();
  const page = await submit("delete");
  expect(page).toMatchObject({ status: 200 });
  expect(await find("webhook", ENDPOINT)).toBeNull();
  expect((await send("GET", path)).status).toBe(404);
});

describe("a lost link", () => {
  test("is mailed anew to the contact, with one answer whatever is known of the endpoint", async () => {
    const { send, work, tick } = await opened();
    tick(DAY);
    const known = await send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    const unknown = await send("POST", "/portal", { json: { endpoint: "https://nobody.example.org/" } });
    expect(known.status).toBe(202);
    expect(unknown).toEqual(known);
    const mails = await work();
    // What was mailed to nobody has reached nobody.
    expect(mails).toHaveLength(1);
    expect(mails.filter((mail) => mail.includes(CONTACT))).toHaveLength(1);
    await send("POST", "/portal", { json: { endpoint: ENDPOINT } });
    expect(await work()).toEqual([]);
  });

  test("is asked for by a form too", async () => {
    const { send } = await opened();
    expect((await send("GET", "/portal")).text).toContain('<form method="post" action="/portal">');
    const body = new URLSearchParams({ endpoint: ENDPOINT }).toString();
    const reply = await send("POST", "/portal", { body, contentType: FORM });
    expect(reply).toMatchObject({ status: 303, headers: { location: "/portal?done=mailed" } });
  });

  test("a form that is refused comes back with what was entered, in the portal's language", async () => {
    const { send } = await opened();
    const headers = { "accept-language": "de", accept: "text/html" };
    for (const endpoint of ['ftp://example.org/"x"', "hooks.example.org/a"]) {
      const body = new URLSearchParams({ endpoint }).toString();
      const reply = await send("POST", "/portal", { body, contentType: FORM, headers });
      expect(reply.status).toBe(422);
      expect(reply.text).toContain("endpoint must be an https URL");
      expect(reply.text).toContain(`value="${endpoint.replaceAll('"', "&quot;")}"`);
      expect(reply.text).toContain('<html lang="en"');
    }
    const asProgram = await send("POST", "/portal", { json: { endpoint: "nope" } });
    expect(asProgram).toMatchObject({ status: 422, json: { details: [{ field: "endpoint" }] } });
  });
});
