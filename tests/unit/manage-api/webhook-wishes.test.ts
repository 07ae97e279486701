import { expect, test } from "vitest";
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
    [{ format: "teams", statuses: null }, "format"],
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
