import { expect, expectTypeOf, test } from "vitest";
import { type Delivery, deliverySchema } from "../../../functions/core/delivery.ts";
import { type OtherReason, otherReason, type Reason, reasonSchema } from "../../../functions/core/reason.ts";
import { pausedBy, pauseOf } from "../../../functions/core/sender-problem.ts";

test("the compiler knows each reason of ours, so that none is misspelt where it is given or compared", () => {
  expectTypeOf<Delivery["reason"]>().toEqualTypeOf<Reason | null>();
  expectTypeOf<"quarantined">().toExtend<Reason>();
  expectTypeOf<"paused: account in the sandbox">().toExtend<Reason>();
  expectTypeOf<"bounced: General">().toExtend<Reason>();
  expectTypeOf<"quarantine">().not.toExtend<Reason>();
  expectTypeOf<"paused: account in the sand">().not.toExtend<Reason>();
  expectTypeOf<string>().not.toExtend<Reason>();
  expectTypeOf(otherReason).returns.toEqualTypeOf<OtherReason>();
});

test.each([
  "quarantined",
  "paused: daily quota used up",
  "paused: by a problem that is known no longer",
  "refused: Throttling (400)",
  "refused: ",
  "bounced: General",
  "http 500",
  "Ursache: ein\nUmbruch, 🙂",
  "",
])("a reason that is stored is read as it stands: %j", (text) => {
  expect(reasonSchema.parse(text)).toBe(text);
  expect(deliverySchema.shape.reason.parse(text)).toBe(text);
});

test("what is no text is no reason", () => {
  expect(reasonSchema.safeParse(7).success).toBe(false);
  expect(deliverySchema.shape.reason.safeParse(undefined).success).toBe(false);
});

test("a pause is found again in its reason", () => {
  expect(pauseOf(pausedBy("daily quota used up"))).toBe("daily quota used up");
});
