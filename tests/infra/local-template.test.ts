import { describe, expect, it } from "vitest";
import { Activity } from "../../infra/local/activity.ts";
import { provisionStacks } from "../../infra/local/provision.ts";
import { INERT_KINDS } from "../../infra/local/resources/catalog.ts";
import { recordFilter } from "../../infra/local/resources/record-filter.ts";
import type { Provision, ProvisionRequest } from "../../infra/local/resources/resource.ts";
import { clientsFor, FunctionRegistry, type Services } from "../../infra/local/services.ts";
import { evaluate, type References, templateSchema } from "../../infra/local/template.ts";

const references: References = {
  stack: "Stack",
  pseudo: { "AWS::Region": "eu-central-1" },
  ref: async (logicalId) => `ref-of-${logicalId}`,
  attribute: async (logicalId, attribute) => `${attribute}-of-${logicalId}`,
  output: async ({ StackName, OutputName }) => `${OutputName}-of-${StackName}`,
};

describe("intrinsics", () => {
  it.each([
    ["Ref", { Ref: "Queue" }, "ref-of-Queue"],
    ["a pseudo parameter", { Ref: "AWS::Region" }, "eu-central-1"],
    ["Fn::GetAtt", { "Fn::GetAtt": ["Queue", "Arn"] }, "Arn-of-Queue"],
    ["Fn::GetAtt as text", { "Fn::GetAtt": "Table.Stream.Arn" }, "Stream.Arn-of-Table"],
    ["Fn::Join", { "Fn::Join": ["/", ["a", { Ref: "Queue" }, 3]] }, "a/ref-of-Queue/3"],
    ["Fn::Split", { "Fn::Split": [":", "a:b"] }, ["a", "b"]],
    ["Fn::Select", { "Fn::Select": ["1", { "Fn::Split": [":", { "Fn::Join": ["", ["a:", "b"]] }] }] }, "b"],
    [
      "Fn::GetStackOutput",
      { "Fn::GetStackOutput": { StackName: { "Fn::Sub": `\${AWS::Region}-x` }, Region: "r", OutputName: "Url" } },
      "Url-of-eu-central-1-x",
    ],
    [
      "Fn::Sub",
      { "Fn::Sub": `\${Queue} \${Queue.Arn} \${AWS::Region} \${!Kept}` },
      `ref-of-Queue Arn-of-Queue eu-central-1 \${Kept}`,
    ],
    [
      "Fn::Sub with names",
      { "Fn::Sub": [`\${Own}-\${Queue}`, { Own: { Ref: "Topic" } }] },
      "ref-of-Topic-ref-of-Queue",
    ],
    ["AWS::NoValue", { a: { Ref: "AWS::NoValue" }, b: [1, { Ref: "AWS::NoValue" }] }, { b: [1] }],
    ["plain values", { a: [true, null, 1.5, { b: "c" }] }, { a: [true, null, 1.5, { b: "c" }] }],
  ])("%s", async (_name, value, expected) => {
    expect(await evaluate(value, references)).toEqual(expected);
  });

  it.each([
    [{ "Fn::If": ["Condition", 1, 2] }, "Fn::If cannot be interpreted"],
    [{ Ref: "AWS::NotificationARNs" }, "AWS::NotificationARNs has no value"],
    [{ "Fn::Select": [5, ["a"]] }, "there is no item 5"],
    [{ "Fn::Join": ["", "text"] }, "it needs a list"],
    [{ "Fn::GetStackOutput": { StackName: "State" } }, "it needs StackName and OutputName"],
  ])("%j is an error that names it", async (value, expected) => {
    await expect(evaluate(value, references)).rejects.toThrow(expected);
  });
});

describe("stacks", () => {
  const nothing = async () => {};
  const services: Services = {
    clients: clientsFor({ dynamodb: "http://127.0.0.1:1", fauxqs: "http://127.0.0.1:1", ses: "http://127.0.0.1:1" }),
    sdkEnvironment: {},
    assetFolder: () => null,
    functions: new FunctionRegistry(),
    activity: new Activity(),
    log: { output: () => {}, problem: () => {}, close: nothing },
    checkpoints: { get: () => null, set: () => {}, close: nothing },
    sweepMs: 60_000,
    apiPort: () => null,
    pagePort: 0,
    cacheControlOf: () => null,
    corsRules: new Map(),
    addFeedbackDestination: () => {},
    at: () => {},
    whenStopped: () => {},
  };

  const provision = async (templates: Record<string, unknown>) => {
    const made: Pick<ProvisionRequest, "path" | "properties">[] = [];
    const thing: Provision = async ({ path, name, properties }) => {
      made.push({ path, properties });
      return { ref: name, attributes: { Arn: `arn:${name}` } };
    };
    const stacks = Object.entries(templates).map(([name, template]) => ({
      name,
      template: templateSchema.parse(template),
    }));
    const kinds = { run: new Map([["Test::Thing", thing]]), inert: INERT_KINDS };
    const { output } = await provisionStacks(stacks, kinds, services);
    return { made, output };
  };
  const thing = (properties: object = {}) => ({ Type: "Test::Thing", Properties: properties });

  it("makes each resource after those it refers to, across stacks", async () => {
    const { made, output } = await provision({
      Pipeline: {
        Resources: { Last: thing({ of: { "Fn::GetStackOutput": { StackName: "State", OutputName: "Told" } } }) },
      },
      State: {
        Resources: { Second: thing({ of: { "Fn::GetAtt": ["First", "Arn"] } }), First: thing() },
        Outputs: { Told: { Value: { Ref: "Second" } } },
      },
    });
    expect(made).toEqual([
      { path: "State/First", properties: {} },
      { path: "State/Second", properties: { of: "arn:State-First" } },
      { path: "Pipeline/Last", properties: { of: "State-Second" } },
    ]);
    expect(await output("Told")).toBe("State-Second");
    await expect(output("Untold")).rejects.toThrow("No stack has an output Untold");
  });

  it("refuses a kind of resource that is on neither list, by name and before anything is made", async () => {
    const template = { Resources: { One: thing(), Job: { Type: "AWS::Batch::JobQueue" } } };
    await expect(provision({ State: template })).rejects.toThrow(/State\/Job is of type AWS::Batch::JobQueue/);
  });

  it("leaves inert kinds out, whatever their properties say, and answers for their attributes", async () => {
    const role = { Type: "AWS::IAM::Role", Properties: { x: { "Fn::If": ["a", 1, 2] } } };
    const { made } = await provision({
      State: { Resources: { Role: role, One: thing({ role: { "Fn::GetAtt": ["Role", "Arn"] } }) } },
    });
    expect(made).toEqual([{ path: "State/One", properties: { role: "State-Role-Arn" } }]);
  });

  it("refuses attributes that a resource does not have, resources that are missing, and circles", async () => {
    const referring = (value: unknown) => provision({ State: { Resources: { One: thing({ value }), Two: thing() } } });
    await expect(referring({ "Fn::GetAtt": ["Two", "Colour"] })).rejects.toThrow(
      "State/Two: Test::Thing has no attribute Colour",
    );
    await expect(referring({ Ref: "Three" })).rejects.toThrow("State refers to Three");
    const outputOf = (StackName: string) => ({ "Fn::GetStackOutput": { StackName, OutputName: "Untold" } });
    await expect(referring(outputOf("State"))).rejects.toThrow("No stack State has an output Untold");
    await expect(referring(outputOf("Other"))).rejects.toThrow("No stack Other has an output Untold");
    await expect(referring({ "Fn::Sub": `\${One}` })).rejects.toThrow("in a circle: One, One");
  });
});

describe("filters of a stream mapping", () => {
  const record = (eventName: string, sk: string) => ({ eventName, dynamodb: { Keys: { sk: { S: sk } } } });

  it("passes equal names and prefixes of keys", () => {
    const passes = recordFilter(
      ['{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"UPDATE#"}]}}}}'],
      "State/Mapping",
    );
    expect(passes(record("INSERT", "UPDATE#000001"))).toBe(true);
    expect(passes(record("MODIFY", "UPDATE#000001"))).toBe(false);
    expect(passes(record("INSERT", "PAGE"))).toBe(false);
    expect(passes({ eventName: "INSERT" })).toBe(false);
  });

  it("passes what any pattern of several matches, and everything without patterns", () => {
    const passes = recordFilter(
      ['{"dynamodb":{"Keys":{"sk":{"S":["PAGE"]}}}}', '{"dynamodb":{"NewImage":{"name":[{"exists":true}]}}}'],
      "State/Mapping",
    );
    expect(passes(record("INSERT", "PAGE"))).toBe(true);
    expect(passes(record("INSERT", "PAGES"))).toBe(false);
    expect(passes({ dynamodb: { NewImage: { name: { S: "x" } } } })).toBe(true);
    expect(recordFilter([], "State/Mapping")(record("REMOVE", "x"))).toBe(true);
  });

  it("refuses an operator that it does not know, by name", () => {
    expect(() => recordFilter(['{"eventName":[{"anything-but":["REMOVE"]}]}'], "State/Mapping")).toThrow(
      'State/Mapping: the filter {"anything-but":["REMOVE"]} cannot be interpreted',
    );
  });
});
