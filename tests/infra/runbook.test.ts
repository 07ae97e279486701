import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { ROOT } from "./source.ts";
import { resourcesOf, synthesized } from "./synthesized.ts";

const { pipeline } = synthesized();
const alarms = resourcesOf(pipeline, "AWS::CloudWatch::Alarm").map((alarm) => ({
  id: alarm.id,
  ...z.object({ AlarmDescription: z.string(), AlarmActions: z.array(z.unknown()).length(1) }).parse(alarm.Properties),
}));
const sections = [...readFileSync(join(ROOT, "docs/runbook.md"), "utf8").matchAll(/^## (.+)$/gm)].map(
  ([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"),
);

it("has an alarm for every queue, both streams, both APIs, the sweep and the mail's reputation", () => {
  expect(alarms).toHaveLength(32);
});

it("says in every alarm who is affected and where to read on, and every section has its alarm", () => {
  const anchors = alarms.map(({ id, AlarmDescription }) => {
    const found = /^.{20,}\. What to do: docs\/runbook\.md#([a-z-]+)$/.exec(AlarmDescription);
    expect(found, `${id}: ${AlarmDescription}`).not.toBeNull();
    return found?.[1];
  });
  expect([...new Set(anchors)].sort()).toEqual(sections.filter((section) => section !== "before-anything-else").sort());
});
