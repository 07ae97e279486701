import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Config } from "../../infra/settings.ts";
import { environmentOf, resourceOf, synthesized } from "./synthesized.ts";

const functionSchema = z.object({
  Code: z.object({ S3Key: z.string() }),
  Environment: z.object({ Variables: z.record(z.string(), z.json()) }),
});

function functionsOf(config: Partial<Config>) {
  const { pipeline, steps } = synthesized(environmentOf(config));
  return (step: string) => {
    const logicalId = steps.find((one) => one.step === step)?.logicalId ?? "";
    return functionSchema.parse(resourceOf(pipeline, logicalId).Properties);
  };
}

const buildOf = (step: ReturnType<ReturnType<typeof functionsOf>>) =>
  JSON.stringify(step.Environment.Variables.PAGE_BUILD);

describe("what the page's files are made with", () => {
  const config = { pageUrl: "https://status.example.com", subscriptionsUrl: "https://subs.example.com" };
  const deployed = functionsOf(config);
  const publisher = deployed("publish-page");

  it("is the same to sweep and to the publisher", () => {
    expect(buildOf(deployed("sweep"))).toBe(buildOf(publisher));
  });

  it("has the publisher's code, and all of its environment that does not name a resource", () => {
    const { STATUS_TABLE, SITE_BUCKET, PAGE_BUILD, NODE_OPTIONS, ...shown } = publisher.Environment.Variables;
    for (const value of [publisher.Code.S3Key, ...Object.values(shown)]) expect(PAGE_BUILD).toContain(value);
  });

  it.each([
    { pageUrl: "https://status.example.org" },
    { subscriptionsUrl: "https://subs.example.org" },
    { sms: { countries: ["DE"] } },
    { signUpPageUrl: "https://example.com/sign-up" },
  ])("changes with %j", (change) => {
    expect(buildOf(functionsOf({ ...config, ...change })("sweep"))).not.toBe(buildOf(publisher));
  });
});
