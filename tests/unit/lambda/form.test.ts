import fc from "fast-check";
import { expect, test } from "vitest";
import { contentTypeOf } from "../../../functions/lambda/charset.ts";
import { parseForm } from "../../../functions/lambda/form.ts";

const parse = (body: string, charset = "utf-8") =>
  parseForm(Buffer.from(body), contentTypeOf(`application/x-www-form-urlencoded; charset=${charset}`).decode);

test.each([
  ["a=1&b=x+y%26z", { a: "1", b: "x y&z" }],
  [
    "incident[name]=x&incident[components][abc]=major_outage",
    { incident: { name: "x", components: { abc: "major_outage" } } },
  ],
  ["group[components][]=a&group[components][]=b", { group: { components: ["a", "b"] } }],
  ["a=1&a=2", { a: "2" }],
  ["", {}],
])("%s", (body, expected) => {
  expect(JSON.parse(JSON.stringify(parse(body)))).toEqual(expected);
});

test.each([
  "a[b=1",
  "a]b=1",
  "[a]=1",
  "a[b]c=1",
  "a[[b]]=1",
  "a=1&a[b]=2",
  "a[b]=1&a=2",
  "a[]=1&a[b]=2",
  "a[b]=1&a[]=2",
  "a[][b]=1",
  "a[b][c][d][e][f][g]=1",
  Array.from({ length: 2_001 }, (_, index) => `a${index}=1`).join("&"),
])("refuses %.40s", (body) => {
  expect(parse(body)).toBeNull();
});

test("a field called __proto__ is only a field", () => {
  const form = parse("__proto__[polluted]=1&constructor[prototype][polluted]=1");
  expect(Object.keys(form ?? {})).toEqual(["__proto__", "constructor"]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("reads names and values as URLSearchParams does", () => {
  // What stands for a lost character is refused, and a byte order mark is none of the text.
  const written = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\ufffd\ufeff]/g, ""));
  fc.assert(
    fc.property(fc.array(fc.tuple(written, written)), (pairs) => {
      const named = pairs.map(([name, value], index) => [`f${index}${name.replace(/[[\]]/g, "")}`, value]);
      const body = new URLSearchParams(named).toString();
      expect(Object.entries(parse(body) ?? {})).toEqual([...new URLSearchParams(body)]);
    }),
  );
});

test("percent-encoded bytes are in the form's charset", () => {
  expect(parse("name=St%F6rung+%80", "windows-1252")).toEqual({ name: "Störung €" });
  expect(parse("name=%A4", "iso-8859-15")).toEqual({ name: "€" });
});

test("throws nothing but a refusal of bytes that are no text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab[]=&%+ 2\u0000") }), (body) => {
      try {
        parse(body);
      } catch (error) {
        expect(error).toMatchObject({ status: 400 });
      }
    }),
  );
});
