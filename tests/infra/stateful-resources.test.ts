import type { Template } from "aws-cdk-lib/assertions";
import { expect, it } from "vitest";
import * as z from "zod/mini";
import { resourcesOf, synthesized } from "./synthesized.ts";

/*
 * What a deployed page keeps outside the code. CloudFormation knows a resource by its logical id, which CDK makes of the
 * names of the constructs around it: a construct that is renamed or moved into another is a new resource, and the old one
 * is removed, or left behind, with all that it holds. So these are not to be changed to make a test pass. Where one must
 * change, its contents have to be moved, and CHANGELOG.md says how.
 */

/** A new name or key replaces the table: the page, its subscribers or their keys would be gone. */
const TABLES = {
  Status274336EC: {
    key: "pk S, sk S",
    indexes: { newest: "local: pk S, newestAt N: ALL", unresolved: "local: pk S, unresolvedAt N: ALL" },
  },
  SubscribersF56A45C7: { key: "pk S, sk S", indexes: { purge: "global: purgePk S, purgeSk S: KEYS_ONLY" } },
  DeliveriesBF2F7293: {
    key: "pk S, sk S",
    indexes: {
      problems: "global: problemsPk S, problemsSk S: ALL",
      due: "global: duePk S, dueSk S: ALL",
      endpoint: "global: pk S, endpointSk S: KEYS_ONLY",
      open: "global: openPk S, openSk S: ALL",
    },
  },
  Access9901B1FF: { key: "pk S, sk S", indexes: {} },
  Keys4E30B592: { key: "pk S, sk S", indexes: {} },
};

/** A new one is empty until every file is written again, and a full one cannot be removed. */
const BUCKETS = ["SiteBucket978D4AEB"];

/** A replaced queue takes with it what is in it. Of letters, probes and reports from providers nothing else knows. */
const QUEUES = {
  EmailChunksQueue79C016A3: "fifo",
  SmsChunksQueue01F4E929: "fifo",
  WebhookChunksQueue9563F03B: "fifo",
  WebhookRetriesQueue870FC924: "standard",
  ProbesWorkQueueCF81F761: "standard",
  LettersWorkQueue6C96BF25: "standard",
  SmsLettersWorkQueue43279E52: "standard",
  PublishPageBehindQueueE24B1BFF: "standard",
  PlanNotificationsMissedQueue24127A6F: "standard",
  ReceiveFeedbackWorkQueue9D2A2280: "standard",
  // What was put aside, and waits there for somebody.
  EmailChunksDead5B832818: "fifo",
  SmsChunksDeadA399563A: "fifo",
  WebhookChunksDead7C4F1FF4: "fifo",
  WebhookRetriesDeadBBF31B35: "standard",
  ProbesWorkDead62A35A46: "standard",
  LettersWorkDead23298D48: "standard",
  SmsLettersWorkDeadCA18F8EF: "standard",
  PublishPageBehindDeadBAEF95D1: "standard",
  PublishPageStreamDropped305AC515: "standard",
  PlanNotificationsMissedDead49EDD95F: "standard",
  PlanNotificationsStreamDropped6766402D: "standard",
  ReceiveFeedbackWorkDeadA029F487: "standard",
};

/** A new topic has none of the subscriptions that others made: the public one's, the operators' to alarms, SES's own. */
const TOPICS = { addresses: ["Topic85E630E2"], pipeline: ["AlarmsTopic3A2DFEBA", "ReceiveFeedbackTopic59AEF5D0"] };

/** A new one has another host: every link to the page, and in mail that was sent, would lead nowhere. */
const HOSTS = {
  "AWS::ApiGatewayV2::Api": ["ManageApi9A23E3DD", "SubscriptionApi9E7A2FFA"],
  "AWS::CloudFront::Distribution": ["SiteDistribution390DED28"],
};

const { state, addresses, pipeline } = synthesized();

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));
const indexesSchema = z._default(
  z.array(
    z.object({
      IndexName: z.string(),
      KeySchema: keySchema,
      Projection: z.object({ ProjectionType: z.string() }),
    }),
  ),
  [],
);
const tableSchema = z.object({
  KeySchema: keySchema,
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  LocalSecondaryIndexes: indexesSchema,
  GlobalSecondaryIndexes: indexesSchema,
});

function tableOf(properties: unknown) {
  const table = tableSchema.parse(properties);
  const types = new Map(
    table.AttributeDefinitions.map((attribute) => [attribute.AttributeName, attribute.AttributeType]),
  );
  const keyOf = (key: z.infer<typeof keySchema>) =>
    ["HASH", "RANGE"]
      .flatMap((type) => key.filter(({ KeyType }) => KeyType === type))
      .map(({ AttributeName }) => `${AttributeName} ${types.get(AttributeName)}`)
      .join(", ");
  const indexesOf = (kind: string, indexes: z.infer<typeof indexesSchema>) =>
    indexes.map(({ IndexName, KeySchema, Projection }) => [
      IndexName,
      `${kind}: ${keyOf(KeySchema)}: ${Projection.ProjectionType}`,
    ]);
  const indexes = [
    ...indexesOf("local", table.LocalSecondaryIndexes),
    ...indexesOf("global", table.GlobalSecondaryIndexes),
  ];
  return { key: keyOf(table.KeySchema), indexes: Object.fromEntries(indexes) };
}

const idsOf = (template: Template, type: string) => resourcesOf(template, type).map(({ id }) => id);

it("the tables keep their ids and keys", () => {
  const tables = resourcesOf(state, "AWS::DynamoDB::Table").map(({ id, Properties }) => [id, tableOf(Properties)]);
  expect(Object.fromEntries(tables)).toEqual(TABLES);
});

it("the bucket keeps its id", () => {
  expect(idsOf(addresses, "AWS::S3::Bucket")).toEqual(BUCKETS);
});

it("the queues keep their ids", () => {
  const queues = resourcesOf(pipeline, "AWS::SQS::Queue").map(({ id, Properties }) => [
    id,
    Properties.FifoQueue === true ? "fifo" : "standard",
  ]);
  expect(Object.fromEntries(queues)).toEqual(QUEUES);
});

it("the topics keep their ids", () => {
  expect(idsOf(addresses, "AWS::SNS::Topic")).toEqual(TOPICS.addresses);
  expect(idsOf(pipeline, "AWS::SNS::Topic").sort()).toEqual(TOPICS.pipeline);
});

it.each(Object.entries(HOSTS))("each %s keeps its id", (type, ids) => {
  expect(idsOf(addresses, type).sort()).toEqual(ids);
});

it("and nothing that keeps something stands in another stack", () => {
  const elsewhere = {
    "AWS::SQS::Queue": [state, addresses],
    "AWS::SNS::Topic": [state],
    "AWS::DynamoDB::Table": [addresses, pipeline],
    "AWS::S3::Bucket": [state, pipeline],
    "AWS::ApiGatewayV2::Api": [state, pipeline],
    "AWS::CloudFront::Distribution": [state, pipeline],
  };
  for (const [type, stacks] of Object.entries(elsewhere)) {
    expect(
      stacks.flatMap((stack) => idsOf(stack, type)),
      type,
    ).toEqual([]);
  }
});
