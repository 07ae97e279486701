import { describe, expect, test } from "vitest";
import { z } from "zod";
import { newId } from "../../../functions/core/ids.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import { ALL_UPDATES, FIRST_AND_LAST, type Subscriber } from "../../../functions/core/subscriber.ts";
import { limitedSms } from "../../../functions/send-sms/limited-sms.ts";
import { manageWorld, PAGE, START } from "./manage-world.ts";

type World = Awaited<ReturnType<typeof manageWorld>>;

const random = seededRandom("previews");

async function subscribe(
  world: World,
  channel: Subscriber["channel"],
  changes: Partial<Pick<Subscriber, "state" | "scopes">> & { allUpdates?: boolean } = {},
): Promise<void> {
  const { allUpdates = false, ...rest } = changes;
  const id = newId(random);
  const common = {
    pageId: PAGE.id,
    id,
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: START - 1,
    updatedAt: START - 1,
    confirmedAt: rest.state === "unconfirmed" ? null : START - 1,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
    ...rest,
  };
  const number = [...id].map((character) => character.charCodeAt(0) % 10).join("");
  const contact = {
    email: { channel: "email" as const, email: `${id}@example.com` },
    sms: {
      channel: "sms" as const,
      phone: `+49${number}`,
      country: "DE",
      preferences: allUpdates ? ALL_UPDATES : FIRST_AND_LAST,
    },
    webhook: {
      channel: "webhook" as const,
      endpoint: `https://${id}.example`,
      contactEmail: null,
      format: "statuspage" as const,
      statuses: null,
      secretVersion: 1,
    },
  }[channel];
  await world.subscribers.create({ ...common, ...contact });
}

const opening = (more: Record<string, unknown> = {}) => ({
  incident: { name: "Uploads fail", status: "investigating", body: "We are **looking** into it.", ...more },
});

describe("the preview of a new incident", () => {
  test("says what would keep it from being sent", async () => {
    const world = await manageWorld();
    await world.access.beginProblem("email", "account paused", START, START + 50_000);
    const reply = await world.post("/incidents/preview", opening());
    expect(reply).toMatchObject({
      json: { channels: { email: { paused: "account paused" }, sms: { paused: null }, webhook: { paused: null } } },
    });
  });

  test("tells who would get it, who would not and why, the texts, the time and the cost", async () => {
    const world = await manageWorld();
    const api = await world.component("API");
    const other = await world.component("Web App");
    await world.access.saveRate("email", { perSecond: 2, leftToday: null }, START);
    for (let count = 0; count < 5; count += 1) await subscribe(world, "email");
    await subscribe(world, "email", { scopes: { page: false, components: [api], incidents: [] } });
    await subscribe(world, "email", { scopes: { page: false, components: [other], incidents: [] } });
    await subscribe(world, "email", {
      scopes: { page: false, components: [other], incidents: [] },
      state: "unsubscribed",
    });
    await subscribe(world, "email", { state: "unconfirmed" });
    await subscribe(world, "email", { state: "quarantined" });
    await subscribe(world, "email", { state: "unsubscribed" });
    await subscribe(world, "sms");
    await subscribe(world, "webhook");
    const before = await world.snapshot();

    const reply = await world.post("/incidents/preview", opening({ components: { [api]: "partial_outage" } }));
    expect(reply).toMatchObject({
      status: 200,
      json: {
        notifies: true,
        reason: null,
        incident: { name: "Uploads fail", status: "investigating", impact: "minor" },
        channels: {
          email: {
            recipients: 6,
            suppressed: { unconfirmed: 1, quarantined: 1, unsubscribed: 1 },
            counts_are_estimates: false,
            estimated_seconds: 3,
            estimated_cost: { usd: 0.0006, at_most_usd: 0.0006 },
            subject: "[DRACOON Cloud] Uploads fail",
            text: expect.stringContaining("looking"),
          },
          sms: {
            recipients: 1,
            estimated_seconds: 1,
            estimated_cost: { usd: null, at_most_usd: 0.15, basis: expect.stringContaining("1 segment") },
            exceeds_daily_ceiling: false,
            text: expect.stringContaining("DRACOON Cloud: Investigating: Uploads fail."),
            encoding: "GSM-7",
            segments: 1,
            units_left: expect.any(Number),
          },
          webhook: {
            recipients: 1,
            estimated_seconds: null,
            estimated_cost: { usd: 0 },
            body: { page: { id: PAGE.id }, incident: { name: "Uploads fail", impact: "minor" } },
          },
        },
      },
    });
    expect(await world.snapshot()).toEqual(before);
    expect(world.queued).toEqual([]);
  });

  test("says when the SMS may cost more than the day has left, by the count that their sender keeps", async () => {
    const world = await manageWorld({ smsDailyCeilingUsd: 0.45 });
    const exceeds = async () =>
      z
        .object({ channels: z.object({ sms: z.object({ exceeds_daily_ceiling: z.boolean() }) }) })
        .parse((await world.post("/incidents/preview", opening())).json).channels.sms.exceeds_daily_ceiling;
    const limits = { countries: new Set(["DE"]), maxPrice: 0.15, dailyCeiling: 0.45 };
    const sms = limitedSms(
      { send: async () => ({ outcome: "accepted", providerId: "1" }) },
      limits,
      "updates",
      world.deps,
    );
    const send = () => sms.send({ phone: "+4915123456789", country: "DE" }, "Hello");
    await subscribe(world, "sms");
    await subscribe(world, "sms");
    expect(await exceeds()).toBe(false);
    await send();
    expect(await exceeds()).toBe(false);
    await send();
    expect(await exceeds()).toBe(true);
    world.tick(24 * 60 * 60 * 1_000);
    expect(await exceeds()).toBe(false);
  });

  test("an SMS in UCS-2 is told, priced and counted as the segments that it is", async () => {
    const world = await manageWorld({ smsDailyCeilingUsd: 0.29 });
    await subscribe(world, "sms");
    const reply = await world.post("/incidents/preview", opening({ name: "Сервис недоступен" }));
    expect(reply).toMatchObject({
      status: 200,
      json: {
        channels: {
          sms: {
            text: expect.stringContaining("Сервис недоступен"),
            encoding: "UCS-2",
            segments: 2,
            estimated_cost: { at_most_usd: 0.3, basis: expect.stringContaining("2 segments") },
            exceeds_daily_ceiling: true,
          },
        },
      },
    });
  });

  test("refuses what posting would refuse", async () => {
    const world = await manageWorld();
    expect((await world.post("/incidents/preview", {})).status).toBe(400);
    expect(await world.post("/incidents/preview", opening({ name: "" }))).toMatchObject({
      status: 422,
      json: { details: [{ field: "incident.name" }] },
    });
    expect(
      await world.post("/incidents/preview", opening({ components: { nosuchthing0: "major_outage" } })),
    ).toMatchObject({ status: 422, json: { details: [{ field: "incident.components" }] } });
  });

  test.each([
    { why: "deliver_notifications is false", incident: { deliver_notifications: false } },
    { why: "Backfilled incidents notify nobody", incident: { backfill_date: "2025-07-01", status: "resolved" } },
  ])("says that nobody is told: $why", async ({ why, incident }) => {
    const world = await manageWorld();
    await subscribe(world, "email");
    expect(await world.post("/incidents/preview", opening(incident))).toMatchObject({
      json: { notifies: false, reason: why, channels: { email: { recipients: 0 }, webhook: { recipients: 0 } } },
    });
  });

  test("scales what it could not read in time, and says so", async () => {
    const world = await manageWorld();
    for (let count = 0; count < 3_000; count += 1) await subscribe(world, "email");
    const { list } = world.subscribers;
    Object.assign(world.subscribers, {
      list: async (...asked: Parameters<typeof list>) => {
        world.tick(5_000);
        return list(...asked);
      },
    });
    const reply = await world.post("/incidents/preview", opening());
    const { email } = z
      .object({
        channels: z.object({ email: z.looseObject({ recipients: z.number(), counts_are_estimates: z.boolean() }) }),
      })
      .parse(reply.json).channels;
    expect(email.counts_are_estimates).toBe(true);
    expect(email.recipients).toBeGreaterThan(2_700);
    expect(email.recipients).toBeLessThan(3_300);
  });
});

describe("the preview of a change", () => {
  test("tells the incident's whole audience so far, and SMS only what they are for", async () => {
    const world = await manageWorld();
    const api = await world.component("API");
    const id = await world.incident({ components: { [api]: "major_outage" } });
    await subscribe(world, "email", { scopes: { page: false, components: [api], incidents: [] } });
    await subscribe(world, "email", { scopes: { page: false, components: [], incidents: [id] } });
    await subscribe(world, "sms");
    await subscribe(world, "sms", { allUpdates: true });
    const before = await world.snapshot();
    const change = { incident: { status: "monitoring", body: "A fix is in place." } };
    const reply = await world.post(`/incidents/${id}/preview`, change);
    expect(reply).toMatchObject({
      status: 200,
      json: {
        incident: { status: "monitoring" },
        channels: {
          email: { recipients: 2, text: expect.stringMatching(/A fix is in place[\s\S]*Earlier updates/) },
          sms: { recipients: 1, text: expect.stringContaining(`/incidents/${id}`) },
          webhook: {
            body: { incident: { id, incident_updates: [{ status: "monitoring" }, { status: "investigating" }] } },
          },
        },
      },
    });
    expect(await world.snapshot()).toEqual(before);
  });

  test("says that a change without a body or a status tells nobody", async () => {
    const world = await manageWorld();
    const id = await world.incident();
    expect(await world.post(`/incidents/${id}/preview`, { incident: { name: "Renamed" } })).toMatchObject({
      status: 200,
      json: { notifies: false, incident: { name: "Renamed" }, channels: null },
    });
  });

  test("of no incident is 404, and of a status of the other kind 422", async () => {
    const world = await manageWorld();
    const change = { incident: { status: "in_progress" } };
    expect((await world.post("/incidents/nosuchthing0/preview", change)).status).toBe(404);
    expect((await world.post(`/incidents/${await world.incident()}/preview`, change)).status).toBe(422);
  });
});
