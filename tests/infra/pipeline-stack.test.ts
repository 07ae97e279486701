import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { environmentOf, idOf, type Resource, resourceOf, resourcesOf, synthesized } from "./synthesized.ts";

const { addresses, pipeline, steps } = synthesized();

const queueSchema = z.object({
  VisibilityTimeout: z.number().optional(),
  FifoQueue: z.boolean().optional(),
  SqsManagedSseEnabled: z.literal(true),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.unknown(), maxReceiveCount: z.number() }).optional(),
});
const mappingSchema = z.object({
  EventSourceArn: z.unknown(),
  FunctionName: z.object({ Ref: z.string() }),
  BatchSize: z.number(),
  FunctionResponseTypes: z.tuple([z.literal("ReportBatchItemFailures")]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number().min(2) }).optional(),
});
const timeoutSchema = z.object({ Timeout: z.number() });

const mappings = resourcesOf(pipeline, "AWS::Lambda::EventSourceMapping").map((mapping) => ({
  ...mappingSchema.parse(mapping.Properties),
  properties: mapping.Properties,
}));
/** Queues with a consumer. */
const lanes = mappings
  .filter((mapping) => mapping.ScalingConfig !== undefined)
  .map((mapping) => {
    const queue = resourceOf(pipeline, idOf(mapping.EventSourceArn));
    const { Timeout } = timeoutSchema.parse(resourceOf(pipeline, mapping.FunctionName.Ref).Properties);
    return {
      id: queue.id,
      step: stepOf(mapping.FunctionName.Ref),
      mapping,
      queue: queueSchema.parse(queue.Properties),
      Timeout,
    };
  });

describe("queues", () => {
  it("are encrypted and reached over TLS only", () => {
    const queues = resourcesOf(pipeline, "AWS::SQS::Queue");
    for (const queue of queues) queueSchema.parse(queue.Properties);
    const refused = resourcesOf(pipeline, "AWS::SQS::QueuePolicy").filter((policy) =>
      JSON.stringify(policy.Properties).includes(
        '"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
      ),
    );
    expect(refused).toHaveLength(queues.length);
  });

  it("with a consumer are ten, each with a dead-letter queue of its own kind", () => {
    expect(lanes).toHaveLength(10);
    const dead = lanes.map((lane) => {
      expect(lane.queue.RedrivePolicy?.maxReceiveCount, lane.id).toBeGreaterThanOrEqual(3);
      const id = idOf(lane.queue.RedrivePolicy?.deadLetterTargetArn);
      expect(queueSchema.parse(resourceOf(pipeline, id).Properties).FifoQueue).toBe(lane.queue.FifoQueue);
      return id;
    });
    expect(new Set(dead).size).toBe(10);
  });

  it("give one piece of work to an invocation; of what waits for endpoints that may be silent ten", () => {
    const several = lanes
      .filter(({ mapping }) => mapping.BatchSize !== 1)
      .map(({ id, mapping }) => [id, mapping.BatchSize, mapping.ScalingConfig?.MaximumConcurrency]);
    expect(several.sort()).toEqual([
      [expect.stringMatching(/^Probes/), 10, 2],
      [expect.stringMatching(/^WebhookRetries/), 10, 2],
    ]);
  });

  it("show a chunk again only after its lease, and the lease outlives the invocation", () => {
    const sending = lanes.filter((lane) => lane.step.startsWith("send-"));
    expect(sending).toHaveLength(7);
    for (const lane of sending) {
      expect(lane.Timeout * 1_000, lane.id).toBeLessThan(LEASE_MS);
      expect((lane.queue.VisibilityTimeout ?? 0) * 1_000, lane.id).toBeGreaterThan(LEASE_MS);
    }
  });

  it("of planner, publisher and feedback wait six times the function's time", () => {
    const waking = lanes.filter((lane) => !lane.step.startsWith("send-"));
    expect(waking.map((lane) => lane.step).sort()).toEqual(["plan-notifications", "publish-page", "receive-feedback"]);
    for (const lane of waking) expect(lane.queue.VisibilityTimeout).toBe(6 * lane.Timeout);
  });

  it("of chunks are FIFO, one for each channel, with the throughput of their groups", () => {
    const fifo = lanes.filter((lane) => lane.queue.FifoQueue === true);
    expect(fifo.map((lane) => lane.step).sort()).toEqual(["send-email", "send-sms", "send-webhook"]);
    for (const lane of fifo) {
      expect(resourceOf(pipeline, lane.id).Properties).toMatchObject({
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      });
    }
  });

  it("let more senders of email run as SES allows more", () => {
    const { pipeline: fast } = synthesized(environmentOf({ emailsPerSecond: 1_000, lambdaConcurrency: 100 }));
    fast.hasResourceProperties("AWS::Lambda::EventSourceMapping", { ScalingConfig: { MaximumConcurrency: 7 } });
    expect(lanes.find((lane) => lane.step === "send-email")?.mapping.ScalingConfig?.MaximumConcurrency).toBe(2);
  });
});

describe("the status stream", () => {
  const readers = mappings.filter((mapping) => mapping.ScalingConfig === undefined);

  it("has exactly two readers, which stop trying, bisect, and put aside what fails", () => {
    expect(readers.map((reader) => stepOf(reader.FunctionName.Ref)).sort()).toEqual([
      "plan-notifications",
      "publish-page",
    ]);
    for (const reader of readers) {
      expect(reader.properties).toMatchObject({
        StartingPosition: "TRIM_HORIZON",
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 3,
      });
      expect(reader.properties).toHaveProperty("DestinationConfig.OnFailure.Destination");
    }
  });

  it("wakes the planner for new updates and component changes that are told, and the publisher for the page's item", () => {
    const patterns = new Map(readers.map((reader) => [stepOf(reader.FunctionName.Ref), patternsOf(reader.properties)]));
    expect(patterns.get("plan-notifications")).toEqual([
      { eventName: ["INSERT"], dynamodb: { Keys: { sk: { S: [{ prefix: "UPDATE#" }] } } } },
      { eventName: ["INSERT"], dynamodb: { NewImage: { notice: { M: { id: { S: [{ exists: true }] } } } } } },
    ]);
    expect(patterns.get("publish-page")).toEqual([
      { eventName: ["INSERT", "MODIFY"], dynamodb: { Keys: { sk: { S: ["PAGE"] } } } },
    ]);
  });
});

describe("functions", () => {
  it("run on Node 24, ARM, each with a role and a log of its own that ends", () => {
    const functions = resourcesOf(pipeline, "AWS::Lambda::Function");
    expect(functions).toHaveLength(9);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" });
      expect(Properties).not.toHaveProperty("ReservedConcurrentExecutions");
    }
    expect(new Set(functions.map((each) => JSON.stringify(each.Properties.Role))).size).toBe(9);
    expect(new Set(functions.map((each) => JSON.stringify(each.Properties.LoggingConfig))).size).toBe(9);
    pipeline.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 30 });
  });

  it("are swept once a minute, and a sweep is over before the next", () => {
    const sweep = steps.find(({ step }) => step === "sweep")?.logicalId ?? "";
    pipeline.hasResourceProperties("AWS::Events::Rule", {
      ScheduleExpression: "rate(1 minute)",
      Targets: [Match.objectLike({ Arn: { "Fn::GetAtt": [sweep, "Arn"] } })],
    });
    expect(timeoutSchema.parse(resourceOf(pipeline, sweep).Properties).Timeout).toBeLessThan(60);
  });
});

describe("HTTP APIs", () => {
  it("have the routes of operators and public, each throttled by itself", () => {
    const routes = resourcesOf(pipeline, "AWS::ApiGatewayV2::Route").map((route) => route.Properties.RouteKey);
    const stages = resourcesOf(pipeline, "AWS::ApiGatewayV2::Stage");
    const throttled = stages.flatMap((stage) =>
      Object.keys(z.object({}).loose().parse(stage.Properties.RouteSettings)),
    );
    const named = [
      "ANY /v1/{proxy+}",
      "GET /{proxy+}",
      "HEAD /{proxy+}",
      "OPTIONS /{proxy+}",
      "POST /subscriptions/{proxy+}",
      "POST /{proxy+}",
    ].sort();
    expect(routes.filter((route) => typeof route === "string").sort()).toEqual(named);
    expect(throttled.sort()).toEqual(named);
    for (const stage of stages) {
      expect(stage.Properties).toMatchObject({ StageName: "$default", AutoDeploy: true });
      expect(stage.Properties).toHaveProperty("DefaultRouteSettings.ThrottlingRateLimit");
    }
    pipeline.allResourcesProperties("AWS::ApiGatewayV2::Integration", { PayloadFormatVersion: "2.0" });
  });

  it("let operators in beside a flood, by a path that nobody else knows, with the stage's throttle to itself", () => {
    const unnamed = resourcesOf(pipeline, "AWS::ApiGatewayV2::Route").filter(
      ({ Properties }) => typeof Properties.RouteKey !== "string",
    );
    const [manage] = resourcesOf(pipeline, "AWS::ApiGatewayV2::Route").filter(
      ({ Properties }) => Properties.RouteKey === "ANY /v1/{proxy+}",
    );
    const sparePath = { "Fn::GetStackOutput": { StackName: "TocsinAddresses", OutputName: "ManageSparePath" } };
    expect(unnamed).toMatchObject([
      {
        Properties: {
          RouteKey: { "Fn::Join": ["", ["ANY /", sparePath, "/v1/{proxy+}"]] },
          Target: manage?.Properties.Target,
        },
      },
    ]);
    const uuid = { "Fn::Select": [2, { "Fn::Split": ["/", { Ref: "AWS::StackId" }] }] };
    expect(addresses.toJSON().Outputs).toMatchObject({ ManageSparePath: { Value: uuid } });
  });

  it("log where the account's resource policy for logs does not grow with each API", () => {
    const groups = resourcesOf(pipeline, "AWS::ApiGatewayV2::Stage").map(({ Properties }) => {
      const { DestinationArn } = z.object({ DestinationArn: z.json() }).parse(Properties.AccessLogSettings);
      return resourceOf(pipeline, idOf(DestinationArn)).Properties.LogGroupName;
    });
    expect(groups.sort()).toEqual([
      "/aws/vendedlogs/TocsinPipeline/ManageApi/Http",
      "/aws/vendedlogs/TocsinPipeline/SubscriptionApi/Http",
    ]);
  });

  it("log no path, query, address or header: they may carry tokens and personal data", () => {
    const stages = resourcesOf(pipeline, "AWS::ApiGatewayV2::Stage");
    expect(stages).toHaveLength(2);
    for (const stage of stages) {
      const { Format } = z.object({ Format: z.string() }).parse(stage.Properties.AccessLogSettings);
      expect(Format).not.toMatch(/path|query|sourceIp|userAgent|header|authorizer/i);
    }
  });
});

it("sends email over TLS only", () => {
  pipeline.hasResourceProperties("AWS::SES::ConfigurationSet", { DeliveryOptions: { TlsPolicy: "REQUIRE" } });
});

it("takes publications to its topics over TLS only", () => {
  const topics = resourcesOf(pipeline, "AWS::SNS::Topic");
  const policies = resourcesOf(pipeline, "AWS::SNS::TopicPolicy");
  expect(topics).toHaveLength(2);
  expect(policies).toHaveLength(2);
  for (const policy of policies) expect(JSON.stringify(policy.Properties)).toContain('"aws:SecureTransport":"false"');
});

it("has SES report bounces and complaints of its mail to the feedback queue, as they are, and nobody else may", () => {
  const [destination] = resourcesOf(pipeline, "AWS::SES::ConfigurationSetEventDestination");
  const [set] = resourcesOf(pipeline, "AWS::SES::ConfigurationSet");
  const { EventDestination } = z
    .object({ EventDestination: z.object({ SnsDestination: z.object({ TopicARN: z.object({ Ref: z.string() }) }) }) })
    .parse(destination?.Properties);
  const topic = EventDestination.SnsDestination.TopicARN;
  expect(destination?.Properties).toMatchObject({
    ConfigurationSetName: { Ref: set?.id },
    EventDestination: { Enabled: true, MatchingEventTypes: ["bounce", "complaint"] },
  });
  const lane = lanes.find(({ step }) => step === "receive-feedback");
  pipeline.hasResourceProperties("AWS::SNS::Subscription", {
    Protocol: "sqs",
    TopicArn: topic,
    Endpoint: { "Fn::GetAtt": [lane?.id, "Arn"] },
    RawMessageDelivery: true,
  });
  pipeline.hasResourceProperties("AWS::SNS::TopicPolicy", {
    Topics: [topic],
    PolicyDocument: {
      Statement: [
        Match.objectLike({ Effect: "Deny" }),
        Match.objectLike({
          Effect: "Allow",
          Action: "sns:Publish",
          Principal: { Service: "ses.amazonaws.com" },
          Condition: {
            StringEquals: { "AWS:SourceAccount": { Ref: "AWS::AccountId" }, "AWS:SourceArn": Match.anyValue() },
          },
        }),
      ],
    },
  });
});

it.each([
  ["SMS kept back for the day's ceiling", "send-sms", '"daily SMS ceiling reached"', "SmsCeilingReached"],
  [
    "letters that have used up their share",
    "send-email",
    '"letters have used up their share of the daily quota"',
    "LettersShareUsedUp",
  ],
])("tells of %s, by the line that %s logs", (_what, sender, pattern, metric) => {
  const filters = resourcesOf(pipeline, "AWS::Logs::MetricFilter");
  const filter = filters.find(({ Properties }) => Properties.FilterPattern === pattern);
  expect(filter?.Properties).toMatchObject({
    MetricTransformations: [{ MetricName: metric, MetricNamespace: "Tocsin/TocsinPipeline" }],
  });
  const logicalId = steps.find(({ step }) => step === sender)?.logicalId ?? "";
  expect(resourceOf(pipeline, logicalId).Properties).toMatchObject({
    LoggingConfig: { LogGroup: filter?.Properties.LogGroupName },
  });
  pipeline.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: metric,
    Namespace: "Tocsin/TocsinPipeline",
    Threshold: 1,
  });
});

it("keeps all logs as long as the settings say", () => {
  const { pipeline: long } = synthesized(environmentOf({ logDays: 365 }));
  for (const { Properties } of resourcesOf(long, "AWS::Logs::LogGroup")) expect(Properties.RetentionInDays).toBe(365);
  for (const { Properties } of resourcesOf(pipeline, "AWS::Logs::LogGroup"))
    expect(Properties.RetentionInDays).toBe(30);
});

it("without a mail sender is allowed to send none, and tells every function so", () => {
  const { pipeline: quiet } = synthesized(environmentOf({ mailFrom: null }));
  expect(JSON.stringify(quiet.findResources("AWS::IAM::Policy"))).not.toContain("ses:SendRawEmail");
  for (const { Properties } of resourcesOf(quiet, "AWS::Lambda::Function")) {
    const { Variables } = z.object({ Variables: z.record(z.string(), z.json()) }).parse(Properties.Environment);
    if ("MAIL_FROM" in Variables) expect(Variables.MAIL_FROM).toBe("");
    if ("MAIL" in Variables) expect(Variables.MAIL).toBe("off");
  }
});

it("mails its alarms to whoever is named", () => {
  expect(pipeline.findResources("AWS::SNS::Subscription", { Properties: { Protocol: "email" } })).toEqual({});
  const { pipeline: told } = synthesized(environmentOf({ alarmEmail: "oncall@example.com" }));
  told.hasResourceProperties("AWS::SNS::Subscription", { Protocol: "email", Endpoint: "oncall@example.com" });
});

it("has a budget if an amount is named, which mails them as well", () => {
  pipeline.resourceCountIs("AWS::Budgets::Budget", 0);
  const budgeted = synthesized(environmentOf({ alarmEmail: "oncall@example.com", monthlyBudget: 20 })).pipeline;
  const mailed = (NotificationType: string, Threshold: number) => ({
    Notification: { NotificationType, Threshold, ThresholdType: "PERCENTAGE", ComparisonOperator: "GREATER_THAN" },
    Subscribers: [{ SubscriptionType: "EMAIL", Address: "oncall@example.com" }],
  });
  budgeted.hasResourceProperties("AWS::Budgets::Budget", {
    Budget: { BudgetType: "COST", TimeUnit: "MONTHLY", BudgetLimit: { Amount: 20, Unit: "USD" } },
    NotificationsWithSubscribers: [mailed("ACTUAL", 80), mailed("ACTUAL", 100), mailed("FORECASTED", 100)],
  });
});

function stepOf(logicalId: string): string {
  const found = steps.find((step) => step.logicalId === logicalId);
  if (found === undefined) throw new Error(`${logicalId} is no step's function`);
  return found.step;
}

function patternsOf(properties: Resource["Properties"]): unknown[] {
  const { Filters } = z
    .object({ Filters: z.array(z.object({ Pattern: z.string() })) })
    .parse(properties.FilterCriteria);
  return Filters.map(({ Pattern }) => JSON.parse(Pattern));
}
