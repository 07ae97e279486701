import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi as ApiGatewayApi,
  CfnStage,
  type HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import type { PipelineFunction } from "./pipeline-function.ts";

interface Throttle {
  perSecond: number;
  burst: number;
}

export interface HttpApiProps {
  alarms: Alarms;
  description: string;
  /** Who is affected when it fails. */
  impact: string;
  /** Why no route has an authorizer. */
  noAuthorizerBecause: string;
  throttle: Throttle;
}

export interface Route {
  path: string;
  methods: readonly HttpMethod[];
  throttle?: Throttle;
}

// No path, query or address: they may carry tokens, keys and personal data.
const ACCESS_LOG = {
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  route: "$context.routeKey",
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  functionMs: "$context.integrationLatency",
  bytes: "$context.responseLength",
  error: "$context.error.message",
  functionError: "$context.integrationErrorMessage",
};

/** An HTTP API (payload 2.0) on a host of its own, so that the caller's address is real and the page owes nothing to it. */
export class HttpApi extends Construct {
  readonly api: ApiGatewayApi;
  private readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: HttpApiProps) {
    super(scope, id);
    this.api = new ApiGatewayApi(this, "Api", { description: props.description, createDefaultStage: false });
    const log = new LogGroup(this, "AccessLog", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: props.throttle.perSecond, burstLimit: props.throttle.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(log),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    props.alarms.add(this, "Failing", {
      impact: props.impact,
      runbook: "api-failing",
      metric: this.stage.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 5,
    });
    Validations.of(this).acknowledge({
      id: "AwsSolutions::AwsSolutions-APIG4",
      reason: props.noAuthorizerBecause,
    });
  }

  /** Without a trailing slash. */
  get url(): string {
    return this.api.apiEndpoint;
  }

  answeredBy(step: PipelineFunction, routes: readonly Route[]): void {
    const integration = new HttpLambdaIntegration("Function", step, { scopePermissionToRoute: false });
    const settings: Record<string, { ThrottlingRateLimit: number; ThrottlingBurstLimit: number }> = {};
    for (const { path, methods, throttle } of routes) {
      const made = this.api.addRoutes({ path, methods: [...methods], integration });
      // Settings of a route that does not exist yet are refused.
      for (const route of made) this.stage.node.addDependency(route);
      if (throttle === undefined) continue;
      for (const method of methods) {
        settings[`${method} ${path}`] = {
          ThrottlingRateLimit: throttle.perSecond,
          ThrottlingBurstLimit: throttle.burst,
        };
      }
    }
    const stage = this.stage.node.defaultChild;
    if (!(stage instanceof CfnStage)) throw new Error("An HTTP API's stage is made of another resource now");
    stage.routeSettings = settings;
  }
}
