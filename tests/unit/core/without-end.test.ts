import fc from "fast-check";
import { expect, it } from "vitest";
import { cleanToken, cleanUrl } from "../../../functions/core/invisible.ts";
import { withoutEnd } from "../../../functions/core/without-end.ts";

it("does what a repetition at the end does", () => {
  const text = fc.string({ unit: fc.constantFrom(".", "a", " ", "…"), maxLength: 12 });
  fc.assert(
    fc.property(text, (given) => {
      expect(withoutEnd(given, /[.…]$/)).toBe(given.replace(/[.…]+$/, ""));
    }),
  );
});

it("takes off units of several characters", () => {
  const text = fc.string({ unit: fc.constantFrom("%0A", "%0", "A", "%E2%80%8B", "%C2%A0"), maxLength: 12 });
  const unit = /(?:%C2%A0|%E2%80%8[0-9A-F]|%0[0-9A-F])$/i;
  fc.assert(
    fc.property(text, (given) => {
      expect(withoutEnd(given, unit, 9)).toBe(given.replace(/(?:%C2%A0|%E2%80%8[0-9A-F]|%0[0-9A-F])+$/i, ""));
    }),
  );
});

it("leaves what only looks like an end", () => {
  expect(cleanUrl(`https://example.org/${"%0A".repeat(3)}x${"%C2%A0%0D%0A".repeat(3)}`)).toBe(
    "https://example.org/%0A%0A%0Ax",
  );
  expect(cleanToken("(1.abc-_)…>. ")).toBe("1.abc-_");
});
