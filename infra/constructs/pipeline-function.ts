import { type Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction as RuleTarget } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import * as z from "zod/mini";
import { bundle } from "./bundle.ts";

/** What a function's `env.ts` exports. */
export type EnvSchema = z.ZodMiniObject;

export interface PipelineFunctionProps<S extends EnvSchema> {
  /** Its folder under functions/. */
  step: string;
  /** One line for the console's list of functions. */
  description: string;
  envSchema: S;
  /** Exactly the variables of the schema: one too few or too many does not compile. */
  environment: { readonly [K in keyof z.input<S>]: string };
  /** MiB; processor time follows it, a whole core at 1769. */
  memorySize: number;
  timeout: Duration;
  /** Invocations that are kept for it, and no more than these; null: it shares the account's with all others. */
  reserved?: number | null;
}

/**
 * One step's Lambda, with a role and a log group of its own. The role may write only that log until it is granted more.
 */
export class PipelineFunction<S extends EnvSchema = EnvSchema> extends LambdaFunction {
  readonly step: string;
  readonly envSchema: S;
  /** Changes with the code. */
  readonly codeKey: string;
  private readonly ownRole: Role;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps<S>) {
    const logGroup = new LogGroup(scope, `${id}Log`, {
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      description: props.step,
    });
    logGroup.grantWrite(role);
    const code = bundle(props.step);
    super(scope, id, {
      description: `${props.step}: ${props.description}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code,
      handler: "index.handler",
      environment: { ...props.environment, NODE_OPTIONS: "--enable-source-maps" },
      memorySize: props.memorySize,
      timeout: props.timeout,
      reservedConcurrentExecutions: props.reserved ?? undefined,
      role,
      logGroup,
    });
    this.step = props.step;
    this.envSchema = props.envSchema;
    this.codeKey = code.bind(this).s3Location?.objectKey ?? "";
    this.ownRole = role;
  }

  /**
   * Runs it in this interval, and never repeats a failed run: the next run does its work. The rule's own retries are
   * about reaching Lambda; Lambda itself would run a failed event two times more, beside the next run.
   */
  runEvery(scope: Construct, id: string, interval: Duration): void {
    const once = { retryAttempts: 0, maxEventAge: interval };
    this.configureAsyncInvoke(once);
    new Rule(scope, id, { schedule: Schedule.rate(interval), targets: [new RuleTarget(this, once)] });
  }

  /** Allows the actions on every resource, because AWS takes nothing narrower for them. */
  allowEverywhere(actions: string[], reason: string): void {
    this.addToRolePolicy(new PolicyStatement({ actions, resources: ["*"] }));
    this.acceptWildcard("*", reason);
  }

  /** Says why the role's policy has to name this resource, which contains a star. */
  acceptWildcard(resource: string, reason: string): void {
    const named = asNagNames(Stack.of(this).resolve(resource));
    Validations.of(this.ownRole).acknowledge({ id: `AwsSolutions::AwsSolutions-IAM5[Resource::${named}]`, reason });
  }
}

const joinSchema = z.object({ "Fn::Join": z.tuple([z.literal(""), z.array(z.unknown())]) });
const refSchema = z.object({ Ref: z.string() });

/** As cdk-nag writes what the template has: text as it is, references in <>, all else as JSON. */
function asNagNames(value: unknown): string {
  if (typeof value === "string") return value;
  const join = joinSchema.safeParse(value).data;
  if (join !== undefined) return join["Fn::Join"][1].map(asNagNames).join("");
  const ref = refSchema.safeParse(value).data;
  return ref === undefined ? JSON.stringify(value) : `<${ref.Ref}>`;
}
