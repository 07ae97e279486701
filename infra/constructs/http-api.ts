import { Duration, RemovalPolicy, Token, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  CfnStage,
  type HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";
import type { ApiAddress } from "./api-address.ts";
import type { PipelineFunction } from "./pipeline-function.ts";

interface Throttle {
  perSecond: number;
  burst: number;
}

export interface HttpApiProps {
  address: ApiAddress;
  alarms: Alarms;
  /** Who is affected when it fails. */
  impact: string;
  /** Why no route has an authorizer. */
  noAuthorizerBecause: string;
  throttle: Throttle;
}

export interface Route {
  path: string;
  methods: readonly HttpMethod[];
  /** Null: the API's own, for a path that is known at deployment only and so cannot be named in settings. */
  throttle: Throttle | null;
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

/**
 * What answers at an address: an HTTP API (payload 2.0) on a host of its own, so that the caller's address is real and
 * the page does not depend on it. The stage belongs to the routes, not to the API: its settings name routes, and a
 * `$default` stage adds nothing to the address.
 */
export class HttpApi extends Construct {
  private readonly address: ApiAddress;
  private readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: HttpApiProps) {
    super(scope, id);
    this.address = props.address;
    const log = new LogGroup(this, "AccessLog", {
      // API Gateway names each log group in one resource policy of the account, which takes 5,120 characters. Those of
      // this prefix share an entry (CloudWatch Logs, "Enabling logging from AWS services": log group resource policy size).
      logGroupName: `/aws/vendedlogs/${this.node.path}`,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = new HttpStage(this, "Stage", {
      httpApi: props.address.api,
      stageName: "$default",
      ...(props.address.domainName === null ? {} : { domainMapping: { domainName: props.address.domainName } }),
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

  answeredBy(step: PipelineFunction, routes: readonly Route[]): void {
    const integration = new HttpLambdaIntegration("Function", step, { scopePermissionToRoute: false });
    const settings: Record<string, { ThrottlingRateLimit: number; ThrottlingBurstLimit: number }> = {};
    for (const [index, { path, methods, throttle }] of routes.entries()) {
      for (const method of methods) {
        const key = HttpRouteKey.with(path, method);
        const id = Token.isUnresolved(path) ? `${method} ${index}` : key.key;
        const route = new HttpRoute(this, id, { httpApi: this.address.api, routeKey: key, integration });
        // AWS refuses settings of a route that does not exist yet.
        this.stage.node.addDependency(route);
        if (throttle === null) continue;
        settings[key.key] = {
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
