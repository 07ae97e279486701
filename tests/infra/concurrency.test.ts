import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { invocationsAtMost, reservedForAnApi, senderMemory } from "../../infra/concurrency.ts";
import { environmentOf, resourcesOf, synthesized } from "./synthesized.ts";

const scalingSchema = z.object({ ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional() });
const reservedSchema = z.object({ ReservedConcurrentExecutions: z.number().optional(), Description: z.string() });

describe.each([10, 50, 100, 1_000])("in an account of %i invocations", (lambdaConcurrency) => {
  const environment = environmentOf({ lambdaConcurrency, emailsPerSecond: 10_000 });
  const atMost = Object.values(invocationsAtMost(environment));
  const { pipeline } = synthesized(environment);

  it("every queue takes as many as the account's limit leaves it", () => {
    const mappings = resourcesOf(pipeline, "AWS::Lambda::EventSourceMapping").flatMap(
      ({ Properties }) => scalingSchema.parse(Properties).ScalingConfig?.MaximumConcurrency ?? [],
    );
    expect(mappings.sort()).toEqual([...atMost].sort());
  });

  it("the lanes that wait for others leave room for the rest", () => {
    const { email, sms, webhook, webhookRetry } = invocationsAtMost(environment);
    expect(email + sms + webhook + webhookRetry).toBeLessThan(lambdaConcurrency);
  });

  it("no more is reserved than the account may reserve", () => {
    const reserved = resourcesOf(pipeline, "AWS::Lambda::Function").flatMap(({ Properties }) => {
      const { ReservedConcurrentExecutions, Description } = reservedSchema.parse(Properties);
      return ReservedConcurrentExecutions === undefined ? [] : [{ Description, ReservedConcurrentExecutions }];
    });
    const each = reservedForAnApi(environment);
    if (each === null) expect(reserved).toEqual([]);
    else expect(reserved.map((one) => one.ReservedConcurrentExecutions)).toEqual([each, each]);
    const sum = reserved.reduce((all, one) => all + one.ReservedConcurrentExecutions, 0);
    // "UnreservedConcurrentExecution below its minimum value of [100]" is how Lambda refuses the deployment.
    if (sum > 0) expect(lambdaConcurrency - sum).toBeGreaterThanOrEqual(100);
  });
});

it("gives a sender of email the memory that its rate wants", () => {
  expect([1, 14, 48, 49, 96, 97, 1_000].map(senderMemory)).toEqual([256, 256, 256, 512, 512, 1_024, 1_024]);
  for (const emailsPerSecond of [14, 1_000]) {
    synthesized(environmentOf({ emailsPerSecond })).pipeline.hasResourceProperties("AWS::Lambda::Function", {
      Description: Match.stringLikeRegexp("^send-email:"),
      MemorySize: senderMemory(emailsPerSecond),
    });
  }
});

it("is reserved for the APIs where the account is large enough", () => {
  expect([10, 100, 399, 400, 1_000].map((lambdaConcurrency) => reservedForAnApi({ lambdaConcurrency }))).toEqual([
    null,
    null,
    null,
    100,
    100,
  ]);
});
