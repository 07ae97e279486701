import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { costOf, PRICES, REGIONS, UNIT_NAMES, UNITS } from "../../bench/aws-prices.ts";
import { withTables } from "../../bench/cost-document.ts";
import { stoodIn } from "../../bench/cost-model.ts";
import { ROOT } from "./source.ts";
import { synthesized } from "./synthesized.ts";

const written = readFileSync(join(ROOT, "docs/cost.md"), "utf8");

it("says what the template, the counts and the prices come to (else: npm run bench -- cost-model)", () => {
  expect(withTables(written)).toBe(written);
});

it("counts a metric for each that an alarm looks at, and each queue that Lambda asks", () => {
  const { alarms, alarmMetrics, queues, fifoMappings, standardMappings } = stoodIn(synthesized());
  expect(alarmMetrics).toBeGreaterThan(alarms);
  expect(fifoMappings).toBe(3);
  // Each has a dead-letter queue, which nobody asks.
  expect(queues).toBeGreaterThanOrEqual(2 * (fifoMappings + standardMappings));
});

it("has a price for every unit in every region, and says of each where it was seen or that it was not", () => {
  expect([...UNIT_NAMES].sort()).toEqual(Object.keys(UNITS).sort());
  for (const region of REGIONS) for (const unit of UNIT_NAMES) expect(PRICES[region][unit].usd).toBeGreaterThan(0);
  expect(costOf({ emails: 1_000, alarmMetrics: 10 }, "us-east-1")).toBeCloseTo(0.1 + 1);
});
