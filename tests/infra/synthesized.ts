import { rmSync } from "node:fs";
import { Template } from "aws-cdk-lib/assertions";
import { CfnFunction } from "aws-cdk-lib/aws-lambda";
import { z } from "zod";
import cdk from "../../cdk.json" with { type: "json" };
import { type EnvSchema, PipelineFunction } from "../../infra/constructs/pipeline-function.ts";
import { addStacks, newApp } from "../../infra/deployment.ts";
import { type Environment, productionEnvironment } from "../../infra/environments.ts";
import { type Config, parseSettings } from "../../infra/settings.ts";

const resourceSchema = z.object({ Type: z.string(), Properties: z.record(z.string(), z.json()).default({}) });
const resourcesSchema = z.object({ Resources: z.record(z.string(), resourceSchema) });
export type Resource = z.infer<typeof resourceSchema> & { id: string };

interface Step {
  step: string;
  envSchema: EnvSchema;
  logicalId: string;
}

/** Settings as an operator gives them, in a file that names a sender. */
export function environmentOf(config: Partial<Config> = {}): Environment {
  const least = { region: "eu-central-1", mailFrom: "status@example.com", alarmEmail: null };
  return productionEnvironment(parseSettings({ ...least, ...config }, "test.config.ts"), { CAPTCHA_SECRET: "secret" });
}

/** The app as infra/app.ts makes it, with no function bundled. */
export function deploymentOf(environment = environmentOf()) {
  const app = newApp({ ...cdk.context, "aws:cdk:bundling-stacks": [] });
  return { app, ...addStacks(app, environment) };
}

export interface Synthesized {
  state: Template;
  addresses: Template;
  pipeline: Template;
  steps: Step[];
}

export function synthesized(environment = environmentOf()): Synthesized {
  const { app, state, addresses, pipeline } = deploymentOf(environment);
  const steps = pipeline.node.findAll().flatMap((construct) => {
    if (!(construct instanceof PipelineFunction)) return [];
    const resource = construct.node.defaultChild;
    if (!(resource instanceof CfnFunction)) throw new Error(`${construct.step} is no Lambda function`);
    const logicalId = z.string().parse(pipeline.resolve(resource.logicalId));
    return [{ step: construct.step, envSchema: construct.envSchema, logicalId }];
  });
  const templates = {
    state: Template.fromStack(state),
    addresses: Template.fromStack(addresses),
    pipeline: Template.fromStack(pipeline),
  };
  rmSync(app.outdir, { recursive: true });
  return { ...templates, steps };
}

export function resourcesOf(template: Template, type: string): Resource[] {
  const { Resources } = resourcesSchema.parse(template.toJSON());
  return Object.entries(Resources)
    .filter(([, resource]) => resource.Type === type)
    .map(([id, resource]) => ({ id, ...resource }));
}

export function resourceOf(template: Template, id: string): Resource {
  const { Resources } = resourcesSchema.parse(template.toJSON());
  const resource = Resources[id];
  if (resource === undefined) throw new Error(`the template has no ${id}`);
  return { id, ...resource };
}

const getAttSchema = z.object({ "Fn::GetAtt": z.tuple([z.string(), z.string()]) });

/** The logical id behind `{Fn::GetAtt: [id, "Arn"]}`. */
export function idOf(value: unknown): string {
  return getAttSchema.parse(value)["Fn::GetAtt"][0];
}
