import { expect, test } from "vitest";
import { planningWorkOf } from "../../../functions/plan-notifications/wake.ts";

const PAGE = "page00000000";

test("a missed notice and a quarantine are told apart", () => {
  const notice = { pageId: PAGE, updateId: "update000000" };
  const quarantine = { kind: "quarantine", pageId: PAGE, subscriberId: "subscriber00", failingSince: 1, reason: "x" };
  expect(planningWorkOf(JSON.stringify(notice))).toEqual(notice);
  expect(planningWorkOf(JSON.stringify(quarantine))).toEqual(quarantine);
});

test.each(["{}", '{"kind":"quarantine","pageId":"page00000000"}'])("%s is not ours", (body) => {
  expect(() => planningWorkOf(body)).toThrow();
});
