import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { planningWorkOf, planWorkOfImage } from "../../../functions/plan-notifications/wake.ts";

const PAGE = "page00000000";

test("a missed notice and a quarantine are told apart", () => {
  const notice = { pageId: PAGE, updateId: "update000000" };
  const quarantine = { kind: "quarantine", pageId: PAGE, subscriberId: "subscriber00", failingSince: 1, reason: "x" };
  expect(planningWorkOf(JSON.stringify(notice))).toEqual(notice);
  expect(planningWorkOf(JSON.stringify(quarantine))).toEqual(quarantine);
  const digest = { kind: "digest", pageId: PAGE, mac: "ab", dueAt: 1 };
  expect(planningWorkOf(JSON.stringify(digest))).toEqual(digest);
});

test("an update's image and a component change's name what is to be planned", () => {
  const update = { pk: "PAGE#x", pageId: PAGE, id: "update000000", incidentId: "incident0000", body: "" };
  const change = { pageId: PAGE, at: 1, incidentId: null, changes: [], notice: { id: "change000000", seq: 2 } };
  expect(planWorkOfImage(marshall(update))).toEqual({ pageId: PAGE, updateId: "update000000" });
  expect(planWorkOfImage(marshall(change))).toEqual({ pageId: PAGE, updateId: "change000000" });
  expect(() => planWorkOfImage(marshall({ pageId: PAGE, at: 1 }))).toThrow();
});

test.each(["{}", '{"kind":"quarantine","pageId":"page00000000"}'])("%s is not ours", (body) => {
  expect(() => planningWorkOf(body)).toThrow();
});
