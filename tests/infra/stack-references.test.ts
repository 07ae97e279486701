import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import cdk from "../../cdk.json" with { type: "json" };
import { addStacks, newApp } from "../../infra/deployment.ts";
import type { Config } from "../../infra/settings.ts";
import { environmentOf } from "./synthesized.ts";

const templateSchema = z.object({
  Resources: z.json(),
  Outputs: z
    .record(z.string(), z.object({ Value: z.json(), Export: z.object({ Name: z.string() }).optional() }))
    .default({}),
});
type Template = z.infer<typeof templateSchema>;
/** By name, each after those that it depends on: the order of `cdk deploy --all`. */
type Version = readonly { name: string; template: Template }[];

function version(config: Partial<Config>, references = cdk.context[STRENGTH]): Version {
  const app = newApp({ ...cdk.context, [STRENGTH]: references, "aws:cdk:bundling-stacks": [] });
  addStacks(app, environmentOf(config));
  const { stacks } = app.synth();
  const templates = stacks.map(({ stackName, template }) => ({
    name: stackName,
    template: templateSchema.parse(template),
  }));
  rmSync(app.outdir, { recursive: true });
  return templates;
}
const STRENGTH = "@aws-cdk/core:defaultCrossStackReferences";

/**
 * The account's stacks, with CloudFormation's two rules on what they have of each other: an export stays, and stays the
 * same, while another stack imports it; an output must be there when the stack that reads it is deployed.
 */
class Account {
  readonly #deployed = new Map<string, Template>();

  deploy(stacks: Version): void {
    for (const { name, template } of stacks) {
      for (const [stack, output] of readIn(template.Resources)) {
        if (this.#deployed.get(stack)?.Outputs[output] !== undefined) continue;
        throw new Error(`${name} reads ${output} of ${stack}, which is not there`);
      }
      const kept = exportsOf(template);
      const others = [...this.#deployed].filter(([other]) => other !== name);
      for (const [exported, value] of exportsOf(this.#deployed.get(name))) {
        const user = others.find(([, other]) => importsIn(other.Resources).includes(exported));
        if (user === undefined || kept.get(exported) === value) continue;
        throw new Error(`Export ${exported} cannot be deleted as it is in use by ${user[0]}`);
      }
      this.#deployed.set(name, template);
    }
  }
}

function exportsOf(template: Template | undefined): Map<string, string> {
  return new Map(
    Object.values(template?.Outputs ?? {}).flatMap(({ Value, Export }) =>
      Export === undefined ? [] : [[Export.Name, JSON.stringify(Value)]],
    ),
  );
}

function importsIn(resources: unknown): string[] {
  return [...JSON.stringify(resources).matchAll(/\{"Fn::ImportValue":"([^"]+)"\}/g)].map(([, name = ""]) => name);
}

const readSchema = z.object({ StackName: z.string(), OutputName: z.string() });

function readIn(resources: unknown): [stack: string, output: string][] {
  return [...JSON.stringify(resources).matchAll(/\{"Fn::GetStackOutput":(\{(?:[^{}]|\{[^{}]*\})*\})\}/g)].map(
    ([, read = ""]) => {
      const { StackName, OutputName } = readSchema.parse(JSON.parse(read));
      return [StackName, OutputName];
    },
  );
}

describe("a version in which the pipeline no longer reads what another stack put out", () => {
  const hosts: Partial<Config> = {
    hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "example.com" },
    pageUrl: "https://status.example.com",
    subscriptionsUrl: "https://subscriptions.example.com",
    manageUrl: "https://api.example.com",
  };

  it("can be deployed over the one before, all stacks in their order", () => {
    const [before, after] = [version(hosts), version({})];
    const outputs = (stacks: Version) => stacks.flatMap(({ template }) => Object.keys(template.Outputs));
    const gone = outputs(before).filter((output) => !outputs(after).includes(output));
    expect(gone.filter((output) => output.includes("DomainName"))).not.toEqual([]);
    const account = new Account();
    account.deploy(before);
    expect(() => account.deploy(after)).not.toThrow();
    expect(() => account.deploy(before)).not.toThrow();
  });

  it("could not with exports, which is why there are none", () => {
    const account = new Account();
    account.deploy(version(hosts, "strong"));
    expect(() => account.deploy(version({}, "strong"))).toThrow(
      /^Export \S+ cannot be deleted as it is in use by TocsinPipeline$/,
    );
    expect(version({}).flatMap(({ template }) => importsIn(template.Resources))).toEqual([]);
  });

  it("needs what it reads to be there: the kept stacks come first", () => {
    const stacks = version({});
    expect(stacks.at(-1)?.name).toBe("TocsinPipeline");
    expect(() => new Account().deploy(stacks.toReversed())).toThrow(
      /^TocsinPipeline reads \S+ of Tocsin\S+, which is not there$/,
    );
  });
});
