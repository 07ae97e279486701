import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readEnv } from "../../functions/lambda/env.ts";
import { MAIL_FROM_NOT_SET, readEnvironment } from "../../infra/environments.ts";
import { resourceOf, type Synthesized, synthesized } from "./synthesized.ts";

const LOCAL = { environment: "local", pageUrl: "http://127.0.0.1:8080", subscriptionsUrl: "http://127.0.0.1:8082" };

const read = (context: Record<string, unknown>) => readEnvironment((key) => context[key]);

describe("the environment", () => {
  it("is production unless another is named, and needs nothing", () => {
    const environment = read({});
    expect(environment).toMatchObject({
      name: "production",
      webhookTargets: "public",
      protectData: true,
      smsCountries: [],
      mailFrom: MAIL_FROM_NOT_SET,
    });
    expect(environment.account).toBeUndefined();
  });

  it("takes every value from the context, as the CLI gives it and as JSON gives it", () => {
    expect(read({ smsCountries: "de, AT", emailsPerSecond: "200", protectData: "false" })).toMatchObject({
      smsCountries: ["DE", "AT"],
      emailsPerSecond: 200,
      protectData: false,
    });
    expect(read({ smsCountries: ["DE"], emailsPerSecond: 200, protectData: false })).toMatchObject({
      smsCountries: ["DE"],
      emailsPerSecond: 200,
      protectData: false,
    });
  });

  it("lets a name of eleven letters and digits stand for the sender of SMS", () => {
    expect(read({ smsSenderId: "AcmeStatus1" }).smsSenderId).toBe("AcmeStatus1");
    expect(read({}).smsSenderId).toBeUndefined();
  });

  it("never posts to private addresses in production", () => {
    expect(() => read({ webhookTargets: "any" })).toThrow(/webhookTargets: production posts to public https addresses/);
    expect(read({ ...LOCAL, webhookTargets: "any" }).webhookTargets).toBe("any");
  });

  it("needs its addresses when it is local", () => {
    expect(() => read({ environment: "local" })).toThrow(/pageUrl.*\n.*subscriptionsUrl/);
    expect(read(LOCAL)).toMatchObject({ name: "local", protectData: false });
  });

  it.each([
    [{ environment: "staging" }, /must be production or local, not "staging"/],
    [{ pageUrl: "https://status.example.com/" }, /pageUrl: must not end with a slash/],
    [{ pageUrl: "http://status.example.com" }, /pageUrl: must be an https address/],
    [{ smsCountries: "Germany" }, /smsCountries.*two letters/],
    [{ smsCountries: "DE,XX" }, /smsCountries.*two letters/],
    [{ pageUrl: "https://a;script-src.example" }, /pageUrl: must be an http or https address/],
    [{ pageUrl: "https://status.example.com?x" }, /pageUrl: must not have a \? or #/],
    [{ signUpPageUrl: "https://example.com/sign;up" }, /signUpPageUrl: must be an http or https address/],
    [{ smsMaxPrice: "cheap" }, /smsMaxPrice: must be a decimal number of USD/],
    [{ smsDailyCeiling: "20 USD" }, /smsDailyCeiling: must be a decimal number of USD/],
    [{ smsSenderId: "1234" }, /smsSenderId: .*at least one a letter/],
    [{ smsSenderId: "Acme Status" }, /smsSenderId: must be 1 to 11 letters and digits/],
    [{ mailFrom: "status" }, /mailFrom/],
    [{ certificateArn: "arn:aws:acm:us-east-1:1:certificate/x" }, /pageUrl: must be given with certificateArn/],
    [{ account: "111111111111" }, /account: must be given together with region/],
  ])("refuses %j and says what is wrong", (context, message) => {
    expect(() => read(context)).toThrow(message);
  });
});

describe.each([
  ["production", {}],
  ["local", LOCAL],
])("every function's environment in %s", (_name, context) => {
  const app = synthesized(context);

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
  const { pipeline } = synthesized(LOCAL);
  pipeline.hasResourceProperties("AWS::Lambda::Function", {
    Environment: { Variables: { PAGE_URL: LOCAL.pageUrl, SUBSCRIPTIONS_URL: LOCAL.subscriptionsUrl } },
  });
});

const intrinsicSchema = z.union([
  z.object({ Ref: z.string() }),
  z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) }),
  z.object({ "Fn::ImportValue": z.string() }),
  z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) }),
]);

/** What CloudFormation would put there, as far as a schema can tell. */
function deployed(value: unknown, { pipeline }: Synthesized): string {
  if (typeof value === "string") return value;
  const intrinsic = intrinsicSchema.parse(value);
  if ("Fn::Join" in intrinsic) {
    const [separator, parts] = intrinsic["Fn::Join"];
    return parts.map((part) => deployed(part, { pipeline, state: pipeline, steps: [] })).join(separator);
  }
  if ("Ref" in intrinsic && !intrinsic.Ref.startsWith("AWS::")) {
    return resourceOf(pipeline, intrinsic.Ref).Type === "AWS::SQS::Queue" ? "https://sqs.example.com/1/queue" : "name";
  }
  if ("Fn::GetAtt" in intrinsic && intrinsic["Fn::GetAtt"][1] === "ApiEndpoint") return "https://api.example.com";
  return "name.example.com";
}
