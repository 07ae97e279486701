import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import { idOf, manageWorld, PAGE } from "./manage-world.ts";

const WEBHOOK = { endpoint: "https://hooks.example.com/a", email: "ops@example.com" };
const WISHES = { format: "slack", statuses: ["resolved"], minimum_impact: "major" };

test("an operator's endpoint has its format and filter, active at once, and PATCH changes the filter", async () => {
  const world = await manageWorld();
  const created = await world.post("/subscribers", { subscriber: { ...WEBHOOK, ...WISHES } });
  expect(created).toMatchObject({ status: 201, json: { state: "active", ...WISHES } });
  const path = `/subscribers/${idOf(created)}`;
  const changed = await world.patch(path, { statuses: null, minimum_impact: "minor" });
  expect(changed).toMatchObject({ status: 200, json: { format: "slack", statuses: null, minimum_impact: "minor" } });
  expect(await world.subscribers.get(PAGE.id, "webhook", idOf(created))).toMatchObject({
    scopes: { page: true },
    statuses: null,
    preferences: { updates: "all", minimumImpact: "minor" },
  });
  for (const [fields, field] of [
    [{ format: "xml", statuses: null }, "format"],
    [{ statuses: ["red"] }, "statuses.0"],
    [{}, "component_ids"],
  ] as const) {
    const refused = await world.patch(path, fields);
    expect(refused).toMatchObject({ status: 422, json: { details: [{ field }] } });
  }
});

test("format and statuses are for endpoints alone; an impact is for all", async () => {
  const world = await manageWorld();
  const email = { email: "ada@example.org", skip_confirmation_notification: true };
  for (const [fields, field] of [
    [{ format: "slack" }, "subscriber.format"],
    [{ statuses: ["resolved"] }, "subscriber.statuses"],
  ] as const) {
    const refused = await world.post("/subscribers", { subscriber: { ...email, ...fields } });
    expect(refused).toMatchObject({ status: 422, json: { details: [{ field }] } });
  }
  const added = await world.post("/subscribers", { subscriber: { ...email, minimum_impact: "critical" } });
  expect(added).toMatchObject({ status: 201, json: { minimum_impact: "critical" } });
});

test("an endpoint that comes back takes the new wishes", async () => {
  const world = await manageWorld();
  const created = await world.post("/subscribers", { subscriber: WEBHOOK });
  await world.remove(`/subscribers/${idOf(created)}`);
  const back = await world.post("/subscribers", { subscriber: { ...WEBHOOK, ...WISHES } });
  expect(back).toMatchObject({ status: 201, json: { id: idOf(created), state: "active", ...WISHES } });
});

const SLACK = "https://hooks.slack.com/services/T0001/B0001/secret";
const TRIGGER = "https://hooks.slack.com/triggers/T0001/123/secret";

describe("host and path decide what a chat's hook is posted", () => {
  test("whichever way an operator adds it", async () => {
    const world = await manageWorld();
    const created = await world.post("/subscribers", { subscriber: { endpoint: SLACK } });
    expect(created).toMatchObject({ status: 201, json: { format: "slack" } });
    const discord = "https://discord.com/api/webhooks/123/secret";
    const imported = await world.post("/subscribers/import", {
      subscribers: [{ endpoint: discord }, { endpoint: TRIGGER }, { endpoint: `${discord}2`, format: "statuspage" }],
    });
    expect(imported).toMatchObject({
      json: {
        created: 1,
        rows: [
          { outcome: "created" },
          { outcome: "refused", field: "endpoint", problem: expect.stringContaining("incoming webhook") },
          { outcome: "refused", field: "format", problem: "must be discord at this address" },
        ],
      },
    });
    const { items } = await world.subscribers.list(PAGE.id, "webhook", 10, null);
    const formats = items.map((one) => (one.channel === "webhook" ? one.format : null));
    expect(formats.sort()).toEqual(["discord", "slack"]);
  });

  test("and what contradicts it is refused with its field", async () => {
    const world = await manageWorld();
    for (const [fields, field] of [
      [{ endpoint: SLACK, format: "statuspage" }, "subscriber.format"],
      [{ endpoint: TRIGGER }, "subscriber.endpoint"],
      [{ endpoint: TRIGGER, format: "slack" }, "subscriber.endpoint"],
    ] as const) {
      const refused = await world.post("/subscribers", { subscriber: fields });
      expect(refused).toMatchObject({ status: 422, json: { details: [{ field }] } });
    }
  });
});

describe("a hook stored with a format that its chat does not take", () => {
  const FAILED = { version: 7, failures: 9, since: 1, failedAt: 2, nextAttemptAt: 3, probeUntil: null };

  async function wrongly(changes: Partial<WebhookSubscriber>) {
    const world = await manageWorld();
    const { json } = await world.post("/subscribers", { subscriber: { endpoint: SLACK } });
    const { id } = z.object({ id: z.string() }).parse(json);
    const read = await world.subscribers.get(PAGE.id, "webhook", id);
    if (read?.channel !== "webhook") throw new Error("no endpoint");
    await world.subscribers.replace(read, { ...read, format: "statuspage", ...changes });
    if (changes.health !== undefined) await world.subscribers.saveHealth(PAGE.id, id, null, changes.health);
    return { world, id, path: `/subscribers/${id}` };
  }

  test("is mended by PATCH, and is active again without a record of failures", async () => {
    const { world, id, path } = await wrongly({
      state: "quarantined",
      quarantinedAt: 5,
      quarantineReason: "endpoint failing",
      health: FAILED,
    });
    expect(await world.patch(path, { format: "teams" })).toMatchObject({
      status: 422,
      json: { details: [{ field: "format" }] },
    });
    const mended = await world.patch(path, { format: "slack" });
    expect(mended).toMatchObject({
      status: 200,
      json: { format: "slack", state: "active", quarantined_at: null, quarantine_reason: null },
    });
    const now = await world.subscribers.get(PAGE.id, "webhook", id);
    expect(now).toMatchObject({ state: "active", quarantinedAt: null });
    expect(now).not.toHaveProperty("health");
    expect(now).not.toHaveProperty("quarantineReason");
  });

  test("and left is not brought back by it", async () => {
    const { world, path } = await wrongly({ state: "unsubscribed", unsubscribedAt: 5 });
    expect(await world.patch(path, { format: "slack" })).toMatchObject({
      status: 200,
      json: { format: "slack", state: "unsubscribed" },
    });
  });

  test("the format that it has already changes nothing of its failures", async () => {
    const { world, id, path } = await wrongly({ format: "slack", health: FAILED });
    expect(await world.patch(path, { format: "slack" })).toMatchObject({ status: 200 });
    expect(await world.subscribers.get(PAGE.id, "webhook", id)).toMatchObject({ health: FAILED });
  });

  test("an email has none to change", async () => {
    const world = await manageWorld();
    const created = await world.post("/subscribers", { subscriber: { email: "ada@example.org" } });
    const refused = await world.patch(`/subscribers/${idOf(created)}`, { format: "slack" });
    expect(refused).toMatchObject({ status: 422, json: { details: [{ field: "format" }] } });
  });
});
