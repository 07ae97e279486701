import { expect, test } from "vitest";
import { idOf, manageWorld } from "./manage-world.ts";

const PROBLEM = "cannot be mailed yet: this deployment has no sender, set mailFrom in its tocsin.config.ts";

test("without a mail sender nobody is subscribed by email, confirmed or not, and the refusal names the setting", async () => {
  const world = await manageWorld({ hasMail: false });
  for (const more of [{}, { skip_confirmation_notification: true }]) {
    const reply = await world.post("/subscribers", { subscriber: { email: "ada@example.org", ...more } });
    expect(reply).toMatchObject({ status: 422, json: { error: `subscriber.email ${PROBLEM}` } });
  }
  const imported = await world.post("/subscribers/import", {
    subscribers: [{ email: "ada@example.org" }, { endpoint: "https://hooks.example.org/a" }],
  });
  expect(imported).toMatchObject({
    status: 200,
    json: { created: 1, refused: 1, rows: [{ outcome: "refused", field: "email", problem: PROBLEM }, {}] },
  });
  expect(world.mails).toEqual([]);
});

test("nobody is sent a confirmation that cannot leave", async () => {
  const world = await manageWorld();
  const id = idOf(await world.post("/subscribers", { subscriber: { email: "ada@example.org" } }));
  world.deps.hasMail = false;
  const sent = world.mails.length;
  expect(await world.post(`/subscribers/${id}/resend_confirmation`, {})).toMatchObject({ status: 422 });
  const all = await world.post("/subscribers/resend_confirmation", { subscribers: "all" });
  expect(all).toMatchObject({ status: 422, json: { error: `subscribers ${PROBLEM}` } });
  expect(world.mails).toHaveLength(sent);
});

test("previews and reports say what mail waits for", async () => {
  const world = await manageWorld({ hasMail: false });
  const opening = { incident: { name: "Uploads fail", status: "investigating", body: "We look into it." } };
  expect(await world.post("/incidents/preview", opening)).toMatchObject({
    json: { channels: { email: { paused: "no mail sender set" }, sms: { paused: null }, webhook: { paused: null } } },
  });
});
