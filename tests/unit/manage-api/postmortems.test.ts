import { expect, test } from "vitest";
import { COMMIT_ATTEMPTS } from "../../../functions/manage-api/save-with-retry.ts";
import { incidentAnswer, manageWorld } from "./manage-world.ts";

const DRAFT = { postmortem: { body_draft: "## What happened\n\nA disk." } };

test("drafted, published with an announcement, reverted, deleted", async () => {
  const world = await manageWorld();
  const id = await world.resolvedIncident();
  const path = `/incidents/${id}/postmortem`;
  expect((await world.get(path)).status).toBe(404);

  world.tick(60_000);
  expect(await world.put(path, DRAFT)).toMatchObject({
    status: 200,
    json: {
      body: null,
      body_draft: "## What happened\n\nA disk.",
      body_draft_updated_at: "2025-07-07T12:06:00.000+02:00",
      published_at: null,
    },
  });
  expect(world.notices.size).toBe(1);

  world.tick(60_000);
  const published = await world.put(`${path}/publish`, { postmortem: { notify_twitter: false, custom_tweet: null } });
  expect(published).toMatchObject({
    status: 200,
    json: {
      body: "## What happened\n\nA disk.",
      body_draft: null,
      published_at: "2025-07-07T12:07:00.000+02:00",
      notify_subscribers: true,
    },
  });
  expect((await world.get(path)).json).toEqual(published.json);
  expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
    status: "resolved",
    postmortem_body: "## What happened\n\nA disk.",
    postmortem_published_at: "2025-07-07T12:07:00.000+02:00",
    postmortem_notified_subscribers: true,
    resolved_at: "2025-07-07T12:05:00.000+02:00",
    incident_updates: [{ status: "postmortem", body: "## What happened\n\nA disk." }, { status: "resolved" }],
  });
  expect([...world.notices.values()].map(({ seq }) => seq)).toEqual([1, 2]);

  await world.put(`${path}/publish`);
  expect(world.notices.size).toBe(2);

  expect(await world.put(`${path}/revert`)).toMatchObject({
    status: 200,
    json: { body: null, body_draft: "## What happened\n\nA disk.", published_at: null },
  });
  expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
    postmortem_published_at: null,
    incident_updates: [{ status: "resolved" }],
  });

  expect(await world.remove(path)).toMatchObject({ status: 204, text: "" });
  expect((await world.get(path)).status).toBe(404);
  expect((await world.remove(path)).status).toBe(404);
  expect((await world.put(`${path}/revert`)).status).toBe(404);
});

test("published quietly, at a time of its own", async () => {
  const world = await manageWorld();
  const id = await world.resolvedIncident();
  await world.put(`/incidents/${id}/postmortem`, DRAFT);
  const how = { notify_subscribers: false, display_at: "2025-09-09T17:01:00+02:00" };
  expect((await world.put(`/incidents/${id}/postmortem/publish`, { postmortem: how })).json).toMatchObject({
    published_at: "2025-09-09T17:01:00.000+02:00",
    notify_subscribers: false,
  });
  const { incident_updates } = incidentAnswer.parse((await world.get(`/incidents/${id}`)).json);
  expect(incident_updates[0]).toMatchObject({
    status: "postmortem",
    deliver_notifications: false,
    display_at: "2025-09-09T17:01:00.000+02:00",
  });
  expect(world.notices.size).toBe(1);
});

test("a newer draft beside a published one takes its place when published, and only it is shown", async () => {
  const world = await manageWorld();
  const id = await world.resolvedIncident();
  const path = `/incidents/${id}/postmortem`;
  await world.put(path, DRAFT);
  await world.put(`${path}/publish`);
  await world.put(path, { postmortem: { body_draft: "Two disks." } });
  expect((await world.get(path)).json).toMatchObject({ body: DRAFT.postmortem.body_draft, body_draft: "Two disks." });
  await world.put(`${path}/publish`);
  expect((await world.get(`/incidents/${id}`)).json).toMatchObject({
    incident_updates: [{ status: "postmortem", body: "Two disks." }, { status: "resolved" }],
  });
});

test("correcting the announcement corrects the postmortem", async () => {
  const world = await manageWorld();
  const id = await world.resolvedIncident();
  await world.put(`/incidents/${id}/postmortem`, DRAFT);
  await world.put(`/incidents/${id}/postmortem/publish`);
  const { incident_updates } = incidentAnswer.parse((await world.get(`/incidents/${id}`)).json);
  const path = `/incidents/${id}/incident_updates/${incident_updates[0]?.id}`;
  await world.patch(path, { incident_update: { body: "One disk." } });
  expect((await world.get(`/incidents/${id}/postmortem`)).json).toMatchObject({ body: "One disk." });
});

test("refusals store nothing", async () => {
  const world = await manageWorld();
  const open = await world.incident();
  const over = await world.resolvedIncident();
  const before = await world.snapshot();
  expect((await world.put(`/incidents/${open}/postmortem`, DRAFT)).status).toBe(422);
  expect((await world.put(`/incidents/${open}/postmortem/publish`)).status).toBe(422);
  expect(await world.put(`/incidents/${over}/postmortem/publish`)).toMatchObject({
    status: 422,
    json: { details: [{ field: "postmortem.body_draft" }] },
  });
  for (const body_draft of ["", "  ", 7, undefined, "x".repeat(25_001)]) {
    const reply = await world.put(`/incidents/${over}/postmortem`, { postmortem: { body_draft } });
    expect(reply).toMatchObject({ status: 422, json: { details: [{ field: "postmortem.body_draft" }] } });
  }
  expect((await world.put("/incidents/nosuchthing0/postmortem", DRAFT)).status).toBe(404);
  world.status.failNext("conflict", COMMIT_ATTEMPTS);
  expect((await world.put(`/incidents/${over}/postmortem`, DRAFT)).status).toBe(409);
  expect(await world.snapshot()).toEqual(before);
});
