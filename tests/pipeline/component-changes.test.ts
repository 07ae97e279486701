import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Component } from "../../functions/core/component.ts";
import { readWork, webhookWorkSchema } from "../../functions/core/queued-work.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import type { CrashPoint } from "../fakes/crash.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const [API, MAIL] = ["component001", "component002"] as const;

const component = (id: string, position: number): Component => ({
  id,
  name: id,
  description: null,
  status: "operational",
  position,
  groupId: null,
  showcase: true,
  onlyShowIfDegraded: false,
  startDate: null,
  createdAt: 0,
  updatedAt: 0,
});

let world: World;
let everyone: Subscriber[];
let forPage: Subscriber;
let forApi: Subscriber;
let forMail: Subscriber;

const onlyFor = (id: string) => ({ scopes: { page: false, components: [id], incidents: [] } });

beforeEach(async () => {
  world = createWorld();
  await world.start({ components: [component(API, 1), component(MAIL, 2)], groups: [] });
  forPage = await world.subscribe("webhook");
  forApi = await world.subscribe("webhook", onlyFor(API));
  forMail = await world.subscribe("webhook", onlyFor(MAIL));
  everyone = [forPage, forApi, forMail, await world.subscribe("email"), await world.subscribe("sms")];
});

const bodySchema = z.object({
  component: z.object({ id: z.string(), status: z.string() }),
  component_update: z.object({ id: z.string(), old_status: z.string(), new_status: z.string() }),
});
const toldTo = (subscriber: Subscriber) =>
  world.told(world.addressOf(subscriber)).map(({ text }) => bodySchema.parse(JSON.parse(text)).component_update);
const newStatuses = (subscriber: Subscriber) => toldTo(subscriber).map((update) => update.new_status);
const refused = { outcome: "unavailable", reason: "http 500", retryAfterMs: null } as const;
const deliveriesOf = (subscriber: Subscriber) =>
  world.ledger
    .allDeliveries()
    .filter(({ subscriberId }) => subscriberId === subscriber.id)
    .toSorted((a, b) => a.seq - b.seq);

describe("a component's change of status without an incident", () => {
  it("is told to webhooks of the page and of that component, and to nobody by email or SMS", async () => {
    const change = await world.changeComponent(API, "partial_outage");
    await world.settle();
    await world.pass(1);
    const update = { id: change, old_status: "operational", new_status: "partial_outage" };
    expect(toldTo(forPage)).toEqual([update]);
    expect(toldTo(forApi)).toEqual([update]);
    expect(world.outside.reached).toHaveLength(2);
    expect(world.ledger.allChunks().every(({ channel }) => channel === "webhook")).toBe(true);
    expect(await world.ledger.getNotice(PAGE, change)).toMatchObject({
      state: "done",
      plan: { email: 0, sms: 0, webhook: 1 },
    });
    expect(world.outside.published).toHaveLength(1);
  });

  it("is recorded as one, so that a subscriber's deliveries tell it from an incident's", async () => {
    const change = await world.changeComponent(API, "partial_outage");
    await world.settle();
    const { incident, update } = await world.open({ [API]: "major_outage" });
    await world.settle();
    const told = deliveriesOf(forApi).map(({ subject, updateId }) => ({ subject, updateId }));
    expect(told).toHaveLength(2);
    expect(told).toContainEqual({ subject: { kind: "component", id: API }, updateId: change });
    expect(told).toContainEqual({ subject: { kind: "incident", id: incident.id }, updateId: update.id });
  });

  it("is told by a chunk that the version before an upgrade left in the queue", async () => {
    const change = await world.changeComponent(API, "partial_outage");
    await world.settleStreamOnly();
    const queued = world.queues.sent.map(({ body }) => readWork(webhookWorkSchema, body));
    const chunk = queued.find((work) => work.kind === "chunk");
    if (chunk === undefined) throw new Error("no chunk was queued");
    world.queues.lose();
    const { subject, ...former } = { ...chunk, resend: 1 };
    const toJSON = () => ({ ...former, incidentId: subject.id });
    await world.queues.ports.sendChunks([{ ...former, subject, ...{ toJSON } }]);
    await world.settle();
    expect(toldTo(forApi).map(({ id }) => id)).toEqual([change]);
    expect(deliveriesOf(forApi)).toMatchObject([{ subject: { kind: "component", id: API }, state: "accepted" }]);
  });

  it("that follows another at once arrives after it, at everybody who is told of both", async () => {
    await world.changeComponent(API, "partial_outage");
    await world.changeComponent(MAIL, "under_maintenance");
    await world.changeComponent(API, "operational");
    await world.settle();
    expect(newStatuses(forApi)).toEqual(["partial_outage", "operational"]);
    expect(newStatuses(forMail)).toEqual(["under_maintenance"]);
    expect(toldTo(forPage)).toHaveLength(3);
  });

  it("supersedes the retry of an earlier one, so that nothing old arrives after something new", async () => {
    world.outside.answer(world.addressOf(forApi), refused, refused);
    await world.changeComponent(API, "partial_outage");
    await world.settle();
    const later = await world.changeComponent(API, "operational");
    await world.settle();
    await world.pass(10);
    expect(newStatuses(forApi)).toEqual(["operational"]);
    expect(deliveriesOf(forApi)).toMatchObject([
      { state: "superseded", reason: later },
      { state: "accepted", updateId: later },
    ]);
  });

  it("of another component does not", async () => {
    world.outside.answer(world.addressOf(forPage), refused);
    await world.changeComponent(API, "partial_outage");
    await world.settleStreamOnly();
    await world.changeComponent(MAIL, "partial_outage");
    await world.settle();
    await world.pass(10);
    expect(deliveriesOf(forPage)).toMatchObject([{ state: "accepted" }, { state: "accepted" }]);
  });

  it("is retried under the same webhook-id with the same body", async () => {
    world.outside.answer(world.addressOf(forApi), "accepted, no reply", refused);
    await world.changeComponent(API, "partial_outage");
    await world.settle();
    await world.pass(10);
    const received = world.told(world.addressOf(forApi));
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ webhookId, text }) => `${webhookId} ${text}`)).size).toBe(1);
  });

  it("that the stream lost is planned by sweep", async () => {
    world.loseStream(true);
    await world.changeComponent(API, "partial_outage");
    await world.settle();
    expect(world.outside.reached).toHaveLength(0);
    await world.pass(2);
    expect(newStatuses(forApi)).toEqual(["partial_outage"]);
  });

  it("whose queue was lost is sent again", async () => {
    await world.changeComponent(API, "partial_outage");
    await world.settleStreamOnly();
    world.queues.lose();
    await world.pass(3);
    expect(newStatuses(forApi)).toEqual(["partial_outage"]);
  });

  it("is told no more once the component is deleted: not planned yet, queued, or retried", async () => {
    world.outside.answer(world.addressOf(forPage), refused);
    await world.changeComponent(API, "partial_outage");
    await world.settleStreamOnly();
    await world.changeComponent(MAIL, "partial_outage");
    await world.removeComponent(API);
    await world.removeComponent(MAIL);
    await world.settle();
    await world.pass(3);
    expect(world.outside.reached).toHaveLength(0);
    expect(deliveriesOf(forApi)).toMatchObject([{ state: "suppressed", reason: "withdrawn" }]);
    expect(deliveriesOf(forMail)).toEqual([]);
    expect(world.ledger.allNotices().every(({ state }) => state === "done")).toBe(true);
  });

  it("of a component that flips all day long keeps to the order, and its plan does not grow for ever", async () => {
    const flips = 230;
    for (let flip = 0; flip < flips; flip += 1) {
      await world.changeComponent(API, flip % 2 === 0 ? "partial_outage" : "operational");
      await world.settle();
      world.advance(60_000);
    }
    expect(newStatuses(forApi)).toHaveLength(flips);
    expect(newStatuses(forApi).slice(-2)).toEqual(["partial_outage", "operational"]);
    const plan = await world.ledger.getChunkPlan({
      pageId: PAGE,
      subject: { kind: "component", id: API },
      channel: "webhook",
    });
    expect(Object.keys(plan?.fixed ?? {})).toHaveLength(200);
  });
});

const CRASHES: CrashPoint[] = [
  ["keepRendering", 1],
  ["fixChunks", 1],
  ["sendChunks", 1],
  ["publish", 1],
  ["markPlanned", 1],
  ["claimChunk", 1],
  ["openWindow", 1],
  ["post", 2],
  ["recordDeliveries", 1],
  ["closeWindow", 1],
  ["finishChunk", 1],
].flatMap(([method, call]) =>
  (["before", "after"] as const).map((when) => ({ method: String(method), call: Number(call), when })),
);

describe("a crash while a component change is told", () => {
  it.each(CRASHES)("$when call $call of $method loses nobody, and the next change follows", async (point) => {
    await world.changeComponent(API, "partial_outage");
    world.crash.arm(point);
    await world.settle();
    expect(world.crash.isArmed()).toBe(false);
    await world.pass(6);
    await world.changeComponent(API, "operational");
    await world.settle();
    await world.pass(6);
    for (const subscriber of everyone.slice(0, 2)) {
      const statuses = newStatuses(subscriber);
      expect(statuses.length).toBeLessThanOrEqual(3);
      expect([...new Set(statuses)]).toEqual(["partial_outage", "operational"]);
    }
    for (const subscriber of everyone.slice(2)) expect(toldTo(subscriber)).toEqual([]);
  });
});
