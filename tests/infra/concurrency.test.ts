import { describe, expect, it } from "vitest";
import { z } from "zod";
import { invocationsAtMost, reservedForAnApi } from "../../infra/concurrency.ts";
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

it("is reserved for the APIs where the account is large enough", () => {
  expect([10, 100, 399, 400, 1_000].map((lambdaConcurrency) => reservedForAnApi({ lambdaConcurrency }))).toEqual([
    null,
    null,
    null,
    100,
    100,
  ]);
});
