import { describe, expect, test } from "vitest";
import { KEY, manageWorld } from "./manage-world.ts";

describe("a name that shows nothing", () => {
  test.each([
    ["component", "/components", { component: { name: "\u200b" } }],
    ["incident", "/incidents", { incident: { name: "\u3164\u2800 \u00ad" } }],
    ["group", "/component-groups", { component_group: { name: "\u2060\u0301", components: ["x"] } }],
  ])("of a %s is refused, and the reason told", async (_, path, body) => {
    const world = await manageWorld();
    const before = await world.snapshot();
    const reply = await world.post(path, body);
    expect(reply).toMatchObject({
      status: 422,
      json: { error: expect.stringContaining("name shows nothing: it has only characters that cannot be seen") },
    });
    expect(await world.snapshot()).toEqual(before);
  });

  test("of a page is refused", async () => {
    const world = await manageWorld();
    const reply = await world.patch("", { page: { name: "\u200e\u200f" } });
    expect(reply).toMatchObject({ status: 422, json: { error: expect.stringContaining("page.name shows nothing") } });
  });
});

test("a name is kept without what cannot be seen around it, and with what makes its letters", async () => {
  const { post } = await manageWorld();
  const reply = await post("/components", { component: { name: "\u202eAPI 👨‍👩‍👧 می\u200cخواهم\u202c\u200b" } });
  expect(reply).toMatchObject({ status: 201, json: { name: "API 👨‍👩‍👧 می\u200cخواهم" } });
});

test("operators' and imported addresses are what they were meant to be", async () => {
  const world = await manageWorld();
  const added = await world.post("/subscribers", { subscriber: { email: "\u200br&d@Störung.example" } });
  expect(added).toMatchObject({ status: 201, json: { email: "r&d@xn--strung-xxa.example" } });
  const found = await world.get("/subscribers?state=all&q=R%26D@st%C3%B6rung.example");
  expect(found.json).toEqual([expect.objectContaining({ email: "r&d@xn--strung-xxa.example" })]);
  const erased = await world.post("/subscribers/erase", { email: "r&d@störung.example\u200b" });
  expect(erased).toMatchObject({ status: 200, json: { mode: "email" } });
  const endpoint = await world.post("/subscribers", { subscriber: { endpoint: "https://a.example.org/x%E2%80%8B" } });
  expect(endpoint).toMatchObject({ status: 201, json: { endpoint: "https://a.example.org/x" } });
  const refused = await world.post("/subscribers", { subscriber: { email: "jörg@example.com" } });
  expect(refused).toMatchObject({
    status: 422,
    json: { error: expect.stringContaining("“ö” (U+00F6) at position 2") },
  });
});

test("a key that was pasted with something around it is the key", async () => {
  const { raw } = await manageWorld();
  for (const key of [`${KEY}\u200b`, `"${KEY}"`, `${KEY}.`]) {
    const reply = await raw("GET", `/v1/pages?api_key=${encodeURIComponent(key)}`);
    expect(reply.status).toBe(200);
  }
});

test("what is refused for a character that cannot be seen says so", async () => {
  const world = await manageWorld();
  const reply = await world.patch("", { page: { brand_colour: "#1b57c4\u200b" } });
  expect(reply).toMatchObject({
    status: 422,
    json: {
      error: "page.brand_colour must be a colour such as #1b57c4; it has U+200B at position 8, which cannot be seen",
    },
  });
  const emoji = await world.patch("", { page: { name: "👨‍👩‍👧".repeat(300) } });
  expect(emoji).toMatchObject({ status: 422 });
  expect(emoji.text).not.toContain("cannot be seen");
});

test("a pasted id is the id", async () => {
  const world = await manageWorld();
  const id = await world.component("API");
  const added = await world.post("/subscribers", {
    subscriber: { email: "ann@example.com", component_ids: [`${id}\u200b`] },
  });
  expect(added).toMatchObject({ status: 201, json: { components: [id] } });
});
