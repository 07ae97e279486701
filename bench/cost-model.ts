import * as z from "zod/mini";
import type { Synthesized } from "../tests/infra/synthesized.ts";
import { resourcesOf } from "../tests/infra/synthesized.ts";
import type { Use } from "./aws-prices.ts";

/** For one recipient of one update, planning included. */
const channelCountSchema = z.object({
  writeUnits: z.number(),
  readUnits: z.number(),
  requests: z.number(),
  /** Parts of a chunk. */
  chunks: z.number(),
  /** Our own lines. */
  logBytes: z.number(),
  /** In the ledger, until its time is over. */
  storedBytes: z.number(),
  /** Over the internet. */
  sentBytes: z.number(),
});
/** For one sweep of a page where nothing happens. */
const sweepCountSchema = z.object({ readUnits: z.number(), writeUnits: z.number(), requests: z.number() });
/** What `npm run bench -- cost` counted. */
export const countedSchema = z.object({
  email: channelCountSchema,
  webhook: channelCountSchema,
  sms: channelCountSchema,
  sweep: sweepCountSchema,
});
export type ChannelCount = z.infer<typeof channelCountSchema>;
export type SweepCount = z.infer<typeof sweepCountSchema>;
export type Counted = z.infer<typeof countedSchema>;

const HOURS = 730;
const SWEEPS = HOURS * 60;
/** Lambda's own lines (start, end, report) of one invocation. */
const PLATFORM_LOG_BYTES = 500;
const SENDER_GIB = 1;
/** Of a chunk's invocation, besides its sends: an allowance for its own table calls on AWS. */
const CHUNK_SECONDS = 0.1;
/** Of a sweep that finds nothing: an allowance, not measured on AWS. */
const SWEEP_SECONDS = 0.3;
/** A chunk is sent (ten in a request), received and deleted. */
const REQUESTS_PER_CHUNK = 2.1;
/** DynamoDB adds this to each stored item. */
const ITEM_OVERHEAD_BYTES = 100;
const KEPT_MONTHS = 3;
/**
 * Lambda asks an idle queue with five long polls side by side, each of 20 seconds (AWS Compute Blog, "Understanding how
 * AWS Lambda scales with Amazon SQS standard queues": "five parallel long-polling connections").
 */
const POLLS_A_MONTH = 5 * 3 * 60 * HOURS;

/** `seconds`: of an invocation, for each recipient. */
export function sendingOf(count: ChannelCount, recipients: number, seconds: number): Use {
  const chunks = count.chunks * recipients;
  return {
    writeUnits: count.writeUnits * recipients,
    readUnits: count.readUnits * recipients,
    fifoRequests: chunks * REQUESTS_PER_CHUNK,
    invocations: chunks,
    gigabyteSeconds: (chunks * CHUNK_SECONDS + recipients * seconds) * SENDER_GIB,
    logGigabytes: (count.logBytes * recipients + PLATFORM_LOG_BYTES * chunks) / 1e9,
    outGigabytes: (count.sentBytes * recipients) / 1e9,
  };
}

/** Of deliveries, over all the time that the ledger keeps them. */
export function storageOf(count: ChannelCount, recipients: number): Use {
  const gigabyteMonths = ((count.storedBytes + ITEM_OVERHEAD_BYTES) * recipients * KEPT_MONTHS) / 1e9;
  return { tableGigabyteMonths: gigabyteMonths, backupGigabyteMonths: gigabyteMonths };
}

const alarmSchema = z.object({ Metrics: z.optional(z.array(z.object({ MetricStat: z.optional(z.unknown()) }))) });
const mappingSchema = z.object({
  EventSourceArn: z.object({ "Fn::GetAtt": z.optional(z.tuple([z.string(), z.string()])) }),
});
const queueSchema = z.object({ FifoQueue: z.optional(z.boolean()) });

export interface Stood {
  alarms: number;
  /** An alarm with metric math is charged for each metric that it looks at. */
  alarmMetrics: number;
  queues: number;
  fifoMappings: number;
  standardMappings: number;
  dashboards: number;
}

/** What stands in the templates and is paid for while nothing happens. */
export function stoodIn({ pipeline }: Pick<Synthesized, "pipeline">): Stood {
  const alarms = resourcesOf(pipeline, "AWS::CloudWatch::Alarm").map(({ Properties }) => {
    const { Metrics } = z.parse(alarmSchema, Properties);
    return Metrics === undefined ? 1 : Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
  });
  const queues = new Map(
    resourcesOf(pipeline, "AWS::SQS::Queue").map(({ id, Properties }) => [
      id,
      z.parse(queueSchema, Properties).FifoQueue === true,
    ]),
  );
  const polled = resourcesOf(pipeline, "AWS::Lambda::EventSourceMapping").flatMap(({ Properties }) => {
    const isFifo = queues.get(z.parse(mappingSchema, Properties).EventSourceArn["Fn::GetAtt"]?.[0] ?? "");
    return isFifo === undefined ? [] : [isFifo];
  });
  return {
    alarms: alarms.length,
    alarmMetrics: alarms.reduce((sum, metrics) => sum + metrics, 0),
    queues: queues.size,
    fifoMappings: polled.filter((isFifo) => isFifo).length,
    standardMappings: polled.filter((isFifo) => !isFifo).length,
    dashboards: resourcesOf(pipeline, "AWS::CloudWatch::Dashboard").length,
  };
}

/** The lines of a month in which nothing happens. */
export function idleMonth(stood: Stood, sweep: SweepCount): { what: string; use: Use }[] {
  return [
    {
      what: `${stood.alarms} alarms, which look at ${stood.alarmMetrics} metrics`,
      use: { alarmMetrics: stood.alarmMetrics },
    },
    {
      what: `Lambda asking ${stood.standardMappings + stood.fifoMappings} empty queues, ${stood.fifoMappings} of them FIFO`,
      use: {
        standardRequests: stood.standardMappings * POLLS_A_MONTH,
        fifoRequests: stood.fifoMappings * POLLS_A_MONTH,
      },
    },
    {
      what: `sweep once a minute: its ${sweep.requests} table calls`,
      use: { readUnits: sweep.readUnits * SWEEPS, writeUnits: sweep.writeUnits * SWEEPS },
    },
    {
      what: "sweep once a minute: its time and its log",
      use: {
        invocations: SWEEPS,
        gigabyteSeconds: SWEEPS * SWEEP_SECONDS,
        logGigabytes: (SWEEPS * PLATFORM_LOG_BYTES) / 1e9,
      },
    },
  ];
}
