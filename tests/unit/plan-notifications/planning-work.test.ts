import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { planningWorkSchema, readWork } from "../../../functions/core/queued-work.ts";
import { planWorkOfImage } from "../../../functions/plan-notifications/wake.ts";

const PAGE = "page00000000";

const read = (body: string) => readWork(planningWorkSchema, body);

test("a missed notice and a quarantine are told apart", () => {
  const notice = { pageId: PAGE, updateId: "update000000" };
  const quarantine = { kind: "quarantine", pageId: PAGE, subscriberId: "subscriber00", failingSince: 1, reason: "x" };
  expect(read(JSON.stringify(notice))).toEqual(notice);
  expect(read(JSON.stringify(quarantine))).toEqual(quarantine);
  const digest = { kind: "digest", pageId: PAGE, mac: "ab", dueAt: 1 };
  expect(read(JSON.stringify(digest))).toEqual(digest);
});

test("an update's image and a component change's name what is to be planned", () => {
  const update = { pk: "PAGE#x", pageId: PAGE, id: "update000000", incidentId: "incident0000", body: "" };
  const change = { pageId: PAGE, at: 1, incidentId: null, changes: [], notice: { id: "change000000", seq: 2 } };
  expect(planWorkOfImage(marshall(update))).toEqual({ pageId: PAGE, updateId: "update000000" });
  expect(planWorkOfImage(marshall(change))).toEqual({ pageId: PAGE, updateId: "change000000" });
  expect(() => planWorkOfImage(marshall({ pageId: PAGE, at: 1 }))).toThrow();
});

test.each([
  "{}",
  '{"kind":"quarantine","pageId":"page00000000"}',
  // It has all that a missed notice has, and is none.
  '{"kind":"unknown","pageId":"page00000000","updateId":"update000000"}',
])("%s is not ours", (body) => {
  expect(() => read(body)).toThrow();
});
