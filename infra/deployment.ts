import { App, CloudFormationValidatePlugin, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import type { Environment } from "./environments.ts";
import { PipelineStack } from "./pipeline-stack.ts";
import { StateStack } from "./state-stack.ts";

export interface Deployment {
  state: StateStack;
  pipeline: PipelineStack;
}

/** The app without its stacks. `context` gives way to what the CLI hands over. */
export function newApp(context: Readonly<Record<string, unknown>>): App {
  return new App({ analyticsReporting: false, context, builtinCloudFormationValidation: false });
}

/** The two stacks of one page. */
export function addStacks(app: App, environment: Environment): Deployment {
  const { account, region, deployment } = environment;
  // Without an account the stacks deploy into that of the credentials, and synthesize without any.
  const env = { ...(account === null ? {} : { account }), ...(region === null ? {} : { region }) };
  const props = { environment, env };
  const state = new StateStack(app, `${deployment}State`, props);
  const pipeline = new PipelineStack(app, `${deployment}Pipeline`, { ...props, state });
  return { state, pipeline };
}

/** CloudFormation's own rules and the AwsSolutions pack, at synthesis: a finding that is not acknowledged stops it. */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new CloudFormationValidatePlugin(), new AwsSolutionsChecks(app));
}
