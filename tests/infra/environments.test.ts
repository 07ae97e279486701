import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readEnv } from "../../functions/lambda/env.ts";
import { type LocalSettings, localEnvironment } from "../../infra/local/local-settings.ts";
import { environmentOf, resourceOf, type Synthesized, synthesized } from "./synthesized.ts";

const LOCAL: LocalSettings = {
  pageUrl: "http://127.0.0.1:8080",
  manageUrl: "http://127.0.0.1:8081",
  subscriptionsUrl: "http://127.0.0.1:8082",
  webhookTargets: "any",
  emailsPerSecond: 14,
};

describe.each([
  ["production", environmentOf()],
  ["production without a mail sender", environmentOf({ mailFrom: null })],
  ["local", localEnvironment(LOCAL)],
])("every function's environment in %s", (_name, environment) => {
  const app = synthesized(environment);

  it.each(app.steps.map((step) => [step.step, step] as const))("%s parses through its schema", (_step, step) => {
    const { Variables } = z
      .object({ Variables: z.record(z.string(), z.unknown()) })
      .parse(resourceOf(app.pipeline, step.logicalId).Properties.Environment);
    const values = Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, deployed(value, app)]));
    expect(() => readEnv(step.envSchema, values)).not.toThrow();
    const { NODE_OPTIONS, ...own } = values;
    expect(NODE_OPTIONS).toBe("--enable-source-maps");
    expect(Object.keys(own).sort()).toEqual(Object.keys(step.envSchema.shape).sort());
  });
});

it("names the local page's addresses where they are needed", () => {
  const { pipeline } = synthesized(localEnvironment(LOCAL));
  pipeline.hasResourceProperties("AWS::Lambda::Function", {
    Environment: { Variables: { PAGE_URL: LOCAL.pageUrl, SUBSCRIPTIONS_URL: LOCAL.subscriptionsUrl } },
  });
});

const intrinsicSchema = z.union([
  z.object({ Ref: z.string() }),
  z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) }),
  z.object({ "Fn::GetStackOutput": z.object({ OutputName: z.string() }) }),
  z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) }),
]);

/** What CloudFormation would put there, as far as a schema can tell. */
function deployed(value: unknown, app: Synthesized): string {
  if (typeof value === "string") return value;
  const intrinsic = intrinsicSchema.parse(value);
  if ("Fn::Join" in intrinsic) {
    const [separator, parts] = intrinsic["Fn::Join"];
    return parts.map((part) => deployed(part, app)).join(separator);
  }
  if ("Ref" in intrinsic && !intrinsic.Ref.startsWith("AWS::")) {
    return resourceOf(app.pipeline, intrinsic.Ref).Type === "AWS::SQS::Queue"
      ? "https://sqs.example.com/1/queue"
      : "name";
  }
  if ("Fn::GetStackOutput" in intrinsic && intrinsic["Fn::GetStackOutput"].OutputName.includes("ApiEndpoint")) {
    return "https://api.example.com";
  }
  return "name.example.com";
}
