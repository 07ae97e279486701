import fc from "fast-check";
import { expect, test } from "vitest";
import { parseForm } from "../../../functions/lambda/form.ts";

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
  expect(JSON.parse(JSON.stringify(parseForm(body)))).toEqual(expected);
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
  expect(parseForm(body)).toBeNull();
});

test("a field called __proto__ is only a field", () => {
  const form = parseForm("__proto__[polluted]=1&constructor[prototype][polluted]=1");
  expect(Object.keys(form ?? {})).toEqual(["__proto__", "constructor"]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab[]=&%+ \u0000") }), (body) => {
      parseForm(body);
    }),
  );
});
