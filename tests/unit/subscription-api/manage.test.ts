import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { linkToken } from "../../../functions/core/link-token.ts";
import type { Subscriber } from "../../../functions/core/subscriber.ts";
import { aComponent, anIncident, opening } from "../../contract/samples.ts";
import { BUTTON, linkIn, ONE_CLICK, PAGE_ID, START, SUBSCRIBER_ID, subscriptionWorld } from "./subscription-world.ts";

const DAY = 24 * 60 * 60_000;
const OPEN_ID = "openopenopen";

const form = (body: string) => ({ body, contentType: "application/x-www-form-urlencoded" });

/** Ada is subscribed and was mailed a link; the page has two components, one of them in a group, and an open incident. */
async function managedWorld() {
  const world = await subscriptionWorld();
  await world.status.saveCatalog(
    PAGE_ID,
    {
      version: 0,
      components: [
        aComponent({ id: "webappwebapp", name: "Web App", position: 1 }),
        aComponent({ id: "uploadupload", name: "Upload <API>", position: 2, groupId: "storagestora" }),
      ],
      groups: [
        { id: "storagestora", name: "Storage", description: null, position: 2, createdAt: START, updatedAt: START },
      ],
    },
    null,
  );
  await world.status.commitIncident(opening(anIncident(PAGE_ID, { incidentId: OPEN_ID, name: "Uploads fail" }), START));
  await world.send("POST", world.confirmPath, BUTTON);
  await world.send("POST", "/manage", { json: { email: "Ada@example.org" } });
  const [mail] = await world.delivered();
  const link = linkIn(mail?.text, "manage");
  world.tick(1_000);
  return { ...world, link };
}

let world: Awaited<ReturnType<typeof managedWorld>>;
beforeEach(async () => {
  world = await managedWorld();
});

const save = (json: object) => world.send("POST", world.link, { json });

test("the link opens a page with all there is to choose, and what counts now is ticked", async () => {
  const page = await world.send("GET", world.link);
  expect(page.status).toBe(200);
  expect(page.headers["referrer-policy"]).toBe("no-referrer");
  for (const text of ["Web App", "Upload &lt;API", "Storage", "Uploads fail"]) expect(page.text).toContain(text);
  expect(page.text).toMatch(/<input type="radio" name="what" value="everything" checked/);
  expect(page.text).not.toContain("ada@example.org");
});

test("the page's form saves components, incidents, preferences and the language, which the page then speaks", async () => {
  const page = await world.send(
    "POST",
    world.link,
    form(
      `action=save&what=chosen&component_ids[]=uploadupload&incident_ids[]=${OPEN_ID}&preferences[updates]=first+and+last&preferences[minimum_impact]=major&locale=de`,
    ),
  );
  expect(page.status).toBe(200);
  expect(page.text).toContain("Gespeichert.");
  expect(page.text).toContain('<html lang="de">');
  expect(await world.stored()).toMatchObject({
    state: "active",
    scopes: { page: false, components: ["uploadupload"], incidents: [OPEN_ID] },
    preferences: { updates: "first and last", minimumImpact: "major" },
    locale: "de",
  });
});

describe("programs", () => {
  test("change one thing, and the rest stays", async () => {
    await save({ component_ids: ["storagestora"], preferences: { minimum_impact: "minor" } });
    const reply = await save({ locale: "de" });
    expect(reply).toMatchObject({
      status: 200,
      json: {
        status: "active",
        subscription: {
          everything: false,
          component_ids: ["uploadupload"],
          preferences: { updates: "all", minimum_impact: "minor" },
          locale: "de",
          paused: false,
        },
      },
    });
  });

  test.each([
    [{ action: "explode" }, "action"],
    [{ what: "chosen" }, "component_ids"],
    [{ component_ids: ["nowherenowhe"] }, "component_ids"],
    [{ incident_ids: ["nowherenowhe"] }, "incident_ids"],
    [{ preferences: { updates: "some" } }, "preferences.updates"],
    [{ action: "erase" }, "sure"],
  ])("are told what is wrong with %j, and nothing changes", async (json, field) => {
    const before = await world.stored();
    expect(await save(json)).toMatchObject({ status: 422, json: { details: [{ field }] } });
    expect(await world.stored()).toEqual(before);
  });
});

test("a form that chooses nothing is shown again, with what is wrong", async () => {
  const page = await world.send("POST", world.link, form("action=save&what=chosen"));
  expect(page.status).toBe(422);
  expect(page.text).toContain('role="alert"');
  expect(page.text).toContain('name="what"');
});

test("an incident that is over stays chosen, though it is not offered any more", async () => {
  const read = await world.stored();
  if (read === null) throw new Error("Ada is gone");
  await world.subscribers.replace(read, {
    ...read,
    scopes: { page: false, components: [], incidents: ["overoverover"] },
  });
  await world.send("POST", world.link, form("action=save&what=chosen&component_ids[]=webappwebapp"));
  expect((await world.stored())?.scopes).toEqual({
    page: false,
    components: ["webappwebapp"],
    incidents: ["overoverover"],
  });
});

test("the query of a link ticks what was asked for, and saves nothing", async () => {
  const before = await world.stored();
  const page = await world.send("GET", `${world.link}?components=webappwebapp,nowherenowhe&incidents=${OPEN_ID}`);
  expect(page.text).toMatch(/value="webappwebapp" checked/);
  expect(page.text).toMatch(new RegExp(`value="${OPEN_ID}" checked`));
  expect(page.text).not.toMatch(/value="uploadupload" checked/);
  expect(page.text).toContain(`action="${world.link}"`);
  expect(await world.stored()).toEqual(before);
});

test("pause and resume", async () => {
  await world.send("POST", world.link, form("action=pause"));
  expect(await world.stored()).toMatchObject({ state: "active", pausedAt: START + 1_000 });
  world.tick(1_000);
  await world.send("POST", world.link, form("action=pause"));
  expect(await world.stored()).toMatchObject({ pausedAt: START + 1_000 });
  await world.send("POST", world.link, form("action=resume"));
  expect(await world.stored()).toMatchObject({ state: "active", pausedAt: null });
});

test("unsubscribe, which the mailbox is told of, and subscribe again", async () => {
  await world.send("POST", world.link, form("action=unsubscribe"));
  expect(await world.stored()).toMatchObject({ state: "unsubscribed" });
  const [mail] = await world.delivered();
  expect(mail?.text).toContain("left by manage page");
  const page = await world.send("GET", world.link);
  expect(page.text).toContain('value="resubscribe"');
  await world.send("POST", world.link, form("action=resubscribe"));
  expect(await world.stored()).toMatchObject({ state: "active", unsubscribedAt: null });
});

test("whoever never confirmed cannot be subscribed by a manage link", async () => {
  const other = await subscriptionWorld();
  const token = linkToken(other.key, "manage", other.subject, START + DAY, "ada@example.org");
  await other.send("POST", `/manage/${token}`, form("action=unsubscribe"));
  await other.send("POST", `/manage/${token}`, form("action=resubscribe"));
  expect(await other.stored()).toMatchObject({ state: "unsubscribed" });
});

describe("erasing", () => {
  test("needs the box ticked; then the subscriber is gone and every link void", async () => {
    expect((await world.send("POST", world.link, form("action=erase"))).status).toBe(422);
    expect(await world.stored()).not.toBeNull();
    const page = await world.send("POST", world.link, form("action=erase&sure=true"));
    expect(page.text).toContain("Your data is erased");
    expect(await world.stored()).toBeNull();
    expect(await world.find("email", "ada@example.org")).toBeNull();
    expect((await world.send("GET", world.link)).status).toBe(404);
    expect((await world.send("POST", world.unsubscribePath, ONE_CLICK)).status).toBe(200);
  });

  test("leaves no block, so that they may come back", async () => {
    await world.send("POST", world.link, form("action=erase&sure=true"));
    world.tick(10 * 60_000);
    await world.send("POST", "/subscriptions/email", { json: { email: "ada@example.org" } });
    expect(await world.delivered()).toHaveLength(1);
  });

  test.each([
    ["complaint", 0],
    ["bounce", 1],
  ] as const)("after a %s keeps that in mind", async (quarantineReason, mails) => {
    const read = await world.stored();
    if (read === null) throw new Error("Ada is gone");
    const next: Subscriber = { ...read, state: "quarantined", quarantinedAt: START, quarantineReason };
    await world.subscribers.replace(read, next);
    await world.send("POST", world.link, form("action=erase&sure=true"));
    expect(await world.stored()).toBeNull();
    world.tick(10 * 60_000);
    await world.send("POST", "/subscriptions/email", { json: { email: "ada@example.org" } });
    expect(await world.delivered()).toHaveLength(mails);
  });
});

test("a lost race is run again over what the winner left", async () => {
  const { replace } = world.subscribers;
  let raced = false;
  world.deps.subscribers.replace = async (read, next) => {
    if (!raced) {
      raced = true;
      await replace(read, { ...read, pausedAt: START });
    }
    return replace(read, next);
  };
  await save({ locale: "de" });
  expect(await world.stored()).toMatchObject({ locale: "de", pausedAt: START });
});

test("what was sent: the incident, the update and how it ended, of this subscriber alone", async () => {
  const [update] = await world.status.listUpdates(PAGE_ID, OPEN_ID);
  const delivery = (subscriberId: string, state: "accepted" | "failed") => ({
    pageId: PAGE_ID,
    subscriberId,
    subject: { kind: "incident" as const, id: OPEN_ID },
    updateId: update?.id ?? "",
    seq: 1,
    channel: "email" as const,
    chunk: 0,
    state,
    attempts: 1,
    unknownOutcomes: 0,
    providerId: null,
    reason: null,
    committedAt: START,
    firstAttemptAt: START,
    updatedAt: START,
    nextAttemptAt: null,
    leaseUntil: null,
  });
  await world.ledger.recordDeliveries([delivery(SUBSCRIBER_ID, "accepted"), delivery("bobbobbobbob", "failed")]);
  const page = await world.send("GET", `${world.link}/sent`);
  expect(page.status).toBe(200);
  expect(page.text.replace(/<[^>]+>/g, " ")).toMatch(/Uploads fail\s+Investigating · 7 Jul 2025, 12:05 · Sent/);
  expect(page.text).not.toContain("Could not be delivered");
});

test("a number is managed by a link in an SMS", async () => {
  const number = { phone_country: "DE", phone_number: "0151 12345678" };
  const asked = await world.send("POST", "/subscriptions/sms", { json: number });
  const [code] = await world.delivered();
  const digits = /\d{6}/.exec(code?.text ?? "")?.[0];
  const { sign_up } = z.object({ sign_up: z.string() }).parse(asked.json);
  await world.send("POST", "/subscriptions/sms/confirm", { json: { ...number, code: digits, sign_up } });
  expect(await world.find("sms", "+4915112345678")).toMatchObject({ state: "active" });
  world.tick(60_000);
  expect((await world.send("POST", "/manage", { json: number })).status).toBe(202);
  const [sms] = await world.delivered();
  const link = /https:\/\/subs\.example(\S+)$/.exec(sms?.text ?? "")?.[1] ?? "";
  await world.send("POST", link, form("action=unsubscribe"));
  expect(await world.find("sms", "+4915112345678")).toMatchObject({ state: "unsubscribed" });
});

test("the page that asks for the address has a form for each channel", async () => {
  const page = await world.send("GET", "/manage?locale=de");
  expect(page.text).toContain('<html lang="de">');
  expect(page.text).toMatch(/name="email"[\s\S]+name="phone_number"/);
});

test("a link that is over, forged, damaged, of another address or purpose is one and the same 404", async () => {
  const reference = await world.send("GET", "/manage/x");
  const { key, subject } = world;
  const links = [
    world.link.replace(/.$/, (last) => (last === "A" ? "Q" : "A")),
    `/manage/${linkToken(key, "manage", subject, START + DAY, "bob@example.org")}`,
    `/manage/${linkToken(key, "resubscribe", subject, START + DAY, "ada@example.org")}`,
    `/manage/${linkToken({ ...key, key: new Uint8Array(32) }, "manage", subject, START + DAY, "ada@example.org")}`,
    `/manage/${world.unsubscribePath.slice("/unsubscribe/".length)}`,
  ];
  const before = await world.stored();
  for (const link of links) {
    expect(await world.send("GET", link), link).toEqual(reference);
    expect(await world.send("GET", `${link}/sent`), link).toEqual(reference);
    expect(await world.send("POST", link, form("action=unsubscribe")), link).toEqual(reference);
  }
  world.tick(7 * DAY);
  expect(await world.send("GET", world.link)).toEqual(reference);
  expect(await world.send("POST", world.link, form("action=unsubscribe"))).toEqual(reference);
  expect(await world.stored()).toEqual(before);
});
