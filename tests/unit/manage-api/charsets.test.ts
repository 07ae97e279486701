import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { payloadBody } from "../../../infra/local/resources/payload-body.ts";
import { manageWorld } from "./manage-world.ts";

const NAME = "Störung: 5 € – geht’s?";
const JSON_BODY = JSON.stringify({ incident: { name: NAME, body: NAME } });
const FORM = "application/x-www-form-urlencoded";

/** The text in Windows-1252, of whose upper half we use these. */
function cp1252(text: string): Buffer {
  const upper = new Map([
    ["€", 0x80],
    ["–", 0x96],
    ["’", 0x92],
  ]);
  return Buffer.from([...text].map((character) => upper.get(character) ?? character.charCodeAt(0)));
}

async function post(contentType: string | undefined, body: string | Uint8Array) {
  const world = await manageWorld();
  const before = await world.snapshot();
  const type = contentType === undefined ? {} : { contentType };
  const reply = await world.send("POST", `${world.at}/incidents`, { body, ...type });
  return { reply, isUnchanged: JSON.stringify(await world.snapshot()) === JSON.stringify(before) };
}

describe("text arrives as it was meant", () => {
  test.each([
    ["UTF-8", "application/json", Buffer.from(JSON_BODY)],
    ["UTF-8 without a type", undefined, Buffer.from(JSON_BODY)],
    ["UTF-8 with a byte order mark", "application/json", Buffer.from(`\ufeff${JSON_BODY}`)],
    ["UTF-8 with a byte order mark, in base64", "application/vnd.api+json", Buffer.from(`\ufeff${JSON_BODY}`)],
    ["a quoted charset", 'Application/JSON ; Charset="UTF-8"', Buffer.from(JSON_BODY)],
    ["ISO-8859-1, as the web reads it", "application/json; charset=ISO-8859-1", cp1252(JSON_BODY)],
    ["Windows-1252", "application/json;charset='windows-1252'".replaceAll("'", '"'), cp1252(JSON_BODY)],
    ["a form", FORM, new URLSearchParams({ "incident[name]": NAME, "incident[body]": NAME }).toString()],
    [
      "a form in Latin-1, percent-encoded",
      `${FORM}; charset=iso-8859-1`,
      `incident[name]=${[...cp1252(NAME)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`,
    ],
    [
      "a form in Latin-1, as bytes",
      `${FORM}; charset=iso-8859-1`,
      Buffer.concat([Buffer.from("incident[name]="), cp1252(NAME)]),
    ],
  ])("%s", async (_, contentType, body) => {
    const { reply } = await post(contentType, body);
    expect(reply).toMatchObject({ status: 201, json: { name: NAME } });
  });
});

describe("what is no text is refused, and nothing is stored", () => {
  test.each([
    ["Latin-1 bytes as JSON", "application/json", Buffer.from(JSON_BODY, "latin1"), 400, "not UTF-8"],
    [
      "the same, declared as UTF-8",
      "application/json; charset=utf-8",
      Buffer.from(JSON_BODY, "latin1"),
      400,
      "not UTF-8",
    ],
    ["the same without a type", undefined, Buffer.from(JSON_BODY, "latin1"), 400, "not UTF-8"],
    ["half a character", undefined, Buffer.from(JSON_BODY).subarray(0, 24), 400, "not UTF-8"],
    ["Latin-1 bytes as a form", FORM, Buffer.from("incident[name]=Störung", "latin1"), 400, "not UTF-8"],
    ["Latin-1, percent-encoded", FORM, "incident[name]=St%F6rung", 400, "not UTF-8"],
    ["Latin-1 in a field's name", FORM, "incident[n%F6me]=x", 400, "not UTF-8"],
    ["UTF-16", "application/json; charset=utf-16", Buffer.from(JSON_BODY, "utf16le"), 415, "UTF-8, ISO-8859-1"],
    ["an unknown charset", `${FORM}; charset=klingon`, "incident[name]=x", 415, "UTF-8, ISO-8859-1"],
    ["a broken type", "json", JSON_BODY, 415, "Content-Type"],
    [
      "half a pair",
      "application/json",
      '{"incident":{"name":"a\\ud800"}}',
      422,
      "incident.name has half of a character",
    ],
    [
      "half a pair in a list",
      "application/json",
      '{"incident":{"name":"a","component_ids":["\\udc00"]}}',
      422,
      "incident.component_ids.0 has half",
    ],
    [
      "half a pair in a name",
      "application/json",
      '{"incident":{"name":"a","metadata":{"\\ud800":1}}}',
      422,
      "incident.metadata has half",
    ],
    [
      "a lost character",
      "application/json",
      '{"incident":{"name":"St\\ufffdrung"}}',
      422,
      "incident.name has a character that was lost",
    ],
    ["NUL", "application/json", '{"incident":{"name":"a\\u0000"}}', 422, "incident.name must not contain control"],
  ])("%s", async (_, contentType, body, status, problem) => {
    const { reply, isUnchanged } = await post(contentType, body);
    expect(reply).toMatchObject({ status, json: { error: expect.stringContaining(problem) } });
    expect(isUnchanged).toBe(true);
  });

  test("what was lost before it came here, whatever charset it declares", async () => {
    const lost = JSON_BODY.replace("ö", "\ufffd");
    for (const charset of ["iso-8859-1", "windows-1252", "iso-8859-15"]) {
      const { reply, isUnchanged } = await post(`application/json; charset=${charset}`, lost);
      expect(reply).toMatchObject({ status: 400, json: { error: expect.stringContaining("not UTF-8") } });
      expect(isUnchanged).toBe(true);
    }
  });

  test("a query that is not UTF-8", async () => {
    const { send, at } = await manageWorld();
    const reply = await send("GET", `${at}/subscribers?q=%F6`);
    expect(reply).toMatchObject({ status: 400, json: { error: expect.stringContaining("query") } });
    expect((await send("GET", `${at}/subscribers?q=100%25%`)).status).toBe(200);
  });

  test("a body nested beyond reason", async () => {
    const { reply } = await post("application/json", `{"incident":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
    expect(reply.status).toBe(422);
  });

  test("whatever the bytes: the text that they are, or a refusal", async () => {
    const world = await manageWorld();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 12 }), async (bytes) => {
        const body = Buffer.concat([Buffer.from('{"component":{"name":"x'), bytes, Buffer.from('"}}')]);
        const reply = await world.send("POST", `${world.at}/components`, { body, contentType: "application/json" });
        if (reply.status === 201) expect(JSON.stringify(reply.json)).not.toContain("\ufffd");
        else expect([400, 422]).toContain(reply.status);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a payload's body, as API Gateway has it", () => {
  test.each([
    ["application/json", false],
    ["application/json; charset=UTF-8", false],
    ["text/plain", false],
    ["text/plain; charset=iso-8859-1", true],
    ["application/json; charset=iso-8859-1", true],
    ["application/x-www-form-urlencoded", true],
    ["application/vnd.api+json", true],
    ["multipart/form-data; boundary=x", true],
    [undefined, true],
  ])("%s", (type, isBase64Encoded) => {
    expect(payloadBody(Buffer.from("ä"), type)).toEqual({ body: isBase64Encoded ? "w6Q=" : "ä", isBase64Encoded });
    expect(payloadBody(Buffer.alloc(0), type)).toEqual({ isBase64Encoded: false });
  });

  test("what is no UTF-8 is lost in text", () => {
    expect(payloadBody(Buffer.from([0xf6]), "application/json").body).toBe("\ufffd");
  });
});
