import { App, CloudFormationValidatePlugin, Validations } from "aws-cdk-lib";
import { CfnLogGroup } from "aws-cdk-lib/aws-logs";
import { AwsSolutionsChecks } from "cdk-nag";
import { AddressStack } from "./address-stack.ts";
import { CertificateStack } from "./certificate-stack.ts";
import type { Environment } from "./environments.ts";
import { PipelineStack } from "./pipeline-stack.ts";
import { StateStack } from "./state-stack.ts";

export interface Deployment {
  state: StateStack;
  /** The page's certificate, if we make it ourselves. */
  certificate: CertificateStack | null;
  addresses: AddressStack;
  pipeline: PipelineStack;
}

/** The app without its stacks. The CLI's context overrides `context`. */
export function newApp(context: Readonly<Record<string, unknown>>): App {
  return new App({ analyticsReporting: false, context, builtinCloudFormationValidation: false });
}

/** The stacks of one page: those that are kept, and those that may go and come again. */
export function addStacks(app: App, environment: Environment): Deployment {
  const { account, region, deployment } = environment;
  // Without an account the stacks deploy into that of the credentials, and synthesize without any.
  const env = { ...(account === null ? {} : { account }), ...(region === null ? {} : { region }) };
  const props = { environment, env };
  const state = new StateStack(app, `${deployment}State`, props);
  const certificate = newCertificate(app, environment);
  const addresses = new AddressStack(app, `${deployment}Addresses`, {
    ...props,
    pageCertificateArn: certificate?.certificate.certificateArn ?? environment.certificateArn,
  });
  const pipeline = new PipelineStack(app, `${deployment}Pipeline`, { ...props, state, addresses });
  // Each log group, wherever it is made.
  for (const construct of app.node.findAll()) {
    if (construct instanceof CfnLogGroup) construct.retentionInDays = environment.logDays;
  }
  return { state, certificate, addresses, pipeline };
}

/** Null if a certificate is given, or we know no zone to prove the page's host with. */
function newCertificate(app: App, environment: Environment): CertificateStack | null {
  const { account, deployment, pageUrl, certificateArn, hostedZone, protectData } = environment;
  if (pageUrl === null || certificateArn !== null || hostedZone === null) return null;
  return new CertificateStack(app, `${deployment}Certificate`, {
    env: { ...(account === null ? {} : { account }), region: "us-east-1" },
    host: new URL(pageUrl).host,
    hostedZone,
    protectData,
  });
}

/**
 * Adds CloudFormation's own rules and the AwsSolutions pack, at synthesis: a finding that is not acknowledged stops it.
 */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(new CloudFormationValidatePlugin(), new AwsSolutionsChecks(app));
}
