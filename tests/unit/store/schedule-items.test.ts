import { expect, test } from "vitest";
import { scheduleItemSchema } from "../../../functions/store/access/access-items.ts";

test("a problem that a later version has stored is one that this version can wait for", () => {
  expect(scheduleItemSchema.parse({ problem: "moon in the wrong house", probeAt: 5 })).toEqual({
    problem: "request not understood",
    probeAt: 5,
  });
  expect(scheduleItemSchema.parse({ problem: "account paused" }).problem).toBe("account paused");
  expect(scheduleItemSchema.parse({}).problem).toBeUndefined();
});
