import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { addChecks } from "../../infra/deployment.ts";
import { deploymentOf } from "./synthesized.ts";

const reportSchema = z.object({
  pluginReports: z.array(
    z.object({
      pluginName: z.string(),
      conclusion: z.string(),
      violations: z.array(z.object({ ruleName: z.string() })),
      suppressedViolations: z.array(z.object({ ruleName: z.string(), reason: z.string() })).default([]),
    }),
  ),
});

it("passes CloudFormation's rules and AwsSolutions; what is acknowledged has its reason", () => {
  const { app } = deploymentOf();
  addChecks(app);
  app.synth();
  const { pluginReports } = reportSchema.parse(
    JSON.parse(readFileSync(join(app.outdir, "validation-report.json"), "utf8")),
  );
  rmSync(app.outdir, { recursive: true });
  expect(pluginReports.flatMap((report) => report.violations)).toEqual([]);
  const nag = pluginReports.find((report) => report.pluginName === "AwsSolutions");
  expect(nag?.conclusion).toBe("success");
  const acknowledged = nag?.suppressedViolations ?? [];
  for (const { reason } of acknowledged) expect(reason.length).toBeGreaterThan(20);
  // A finding of a new kind is a decision, so it is made here too.
  expect([...new Set(acknowledged.map(({ ruleName }) => ruleName.replace(/\[.*/, "")))].sort()).toEqual([
    "AwsSolutions-APIG4",
    "AwsSolutions-CFR1",
    "AwsSolutions-CFR2",
    "AwsSolutions-CFR3",
    "AwsSolutions-CFR4",
    "AwsSolutions-IAM5",
    "AwsSolutions-S1",
    "AwsSolutions-SQS3",
  ]);
});
