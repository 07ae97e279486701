import * as z from "zod";
import { StartFailure } from "../failure.ts";
import { queueUrlOf } from "./queue.ts";
import { pollQueue } from "./queue-mapping.ts";
import { recordFilter } from "./record-filter.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";
import { readStream } from "./stream-mapping.ts";

// Strict: without this, an option that is not carried out here would silently make a mapping behave otherwise than
// deployed.
const common = {
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  FunctionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).default([]),
};
const queueSchema = z.strictObject({
  ...common,
  BatchSize: z.number().int().min(1).max(10).default(10),
  ScalingConfig: z.object({ MaximumConcurrency: z.number().int().min(2) }).optional(),
});
const streamSchema = z.strictObject({
  ...common,
  BatchSize: z.number().int().min(1).max(10_000).default(100),
  StartingPosition: z.enum(["TRIM_HORIZON", "LATEST"]),
  BisectBatchOnFunctionError: z.boolean().default(false),
  MaximumRetryAttempts: z.number().int().min(-1).default(-1),
  MaximumRecordAgeInSeconds: z.number().int().min(-1).default(-1),
  FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }).optional(),
  DestinationConfig: z.object({ OnFailure: z.object({ Destination: z.string() }).optional() }).optional(),
});

// The concurrency that SQS gives at first to a mapping that names no maximum.
const DEFAULT_CONCURRENCY = 5;

export async function provisionMapping(request: ProvisionRequest): Promise<Provisioned> {
  const { EventSourceArn: source } = readProperties(z.object({ EventSourceArn: z.string() }), request);
  if (source.startsWith("arn:aws:sqs:")) await mapQueue(request);
  else if (source.startsWith("arn:aws:dynamodb:")) mapStream(request);
  else throw new StartFailure(`${request.path} reads ${source}: only queues and table streams run on this machine`);
  return { ref: request.name, attributes: { Id: request.name } };
}

async function mapQueue(request: ProvisionRequest): Promise<void> {
  const properties = readProperties(queueSchema, request);
  if (!properties.Enabled) return;
  const { services } = request;
  const target = functionOf(request, properties.FunctionName);
  const queueUrl = await queueUrlOf(properties.EventSourceArn, services.clients);
  services.at("serve", async () => {
    const stop = pollQueue({
      sqs: services.clients.sqs,
      queueUrl,
      queueArn: properties.EventSourceArn,
      target,
      batchSize: properties.BatchSize,
      maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? DEFAULT_CONCURRENCY,
      partialFailures: properties.FunctionResponseTypes.length > 0,
      log: services.log,
    });
    services.whenStopped(stop);
  });
}

function mapStream(request: ProvisionRequest): void {
  const properties = readProperties(streamSchema, request);
  if (!properties.Enabled) return;
  const { services } = request;
  const target = functionOf(request, properties.FunctionName);
  const patterns = properties.FilterCriteria?.Filters.map(({ Pattern }) => Pattern) ?? [];
  const matches = recordFilter(patterns, request.path);
  const failureQueueArn = properties.DestinationConfig?.OnFailure?.Destination ?? null;
  services.at("serve", async () => {
    const stop = readStream({
      streams: services.clients.streams,
      sqs: services.clients.sqs,
      streamArn: properties.EventSourceArn,
      target,
      matches,
      from: properties.StartingPosition,
      batchSize: properties.BatchSize,
      bisect: properties.BisectBatchOnFunctionError,
      maximumRetries: properties.MaximumRetryAttempts,
      maximumAgeSeconds: properties.MaximumRecordAgeInSeconds,
      partialFailures: properties.FunctionResponseTypes.length > 0,
      failureQueueUrl: failureQueueArn === null ? null : await queueUrlOf(failureQueueArn, services.clients),
      activity: services.activity,
      checkpoints: services.checkpoints,
      log: services.log,
    });
    services.whenStopped(stop);
  });
}

/** The template refers to the function by Ref (its name) or by its ARN; in both cases it was provisioned before. */
function functionOf({ path, services }: ProvisionRequest, reference: string) {
  const target = services.functions.find(reference);
  if (target === null) throw new StartFailure(`${path} invokes ${reference}, which is no function of these stacks`);
  return target;
}
