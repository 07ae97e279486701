/**
 * AWS's list prices in USD, without free tiers. `seen` says where each was read: the price pages fill in their figures
 * by script, so most were read in copies of AWS's price list. A price with no source is written down from memory: check
 * it before you rely on it.
 */
export interface Price {
  usd: number;
  seen: string | null;
}

/** When the table was last gone through. */
export const PRICES_AS_OF = "2026-11-28";

export const UNITS = {
  writeUnits: "DynamoDB, a million write request units on demand",
  readUnits: "DynamoDB, a million read request units on demand",
  tableGigabyteMonths: "DynamoDB, a GB stored for a month",
  backupGigabyteMonths: "DynamoDB, point-in-time recovery of a GB for a month",
  fifoRequests: "SQS, a million requests to FIFO queues",
  standardRequests: "SQS, a million requests to standard queues",
  invocations: "Lambda, a million invocations",
  gigabyteSeconds: "Lambda on Arm, a million GB-seconds",
  logGigabytes: "CloudWatch Logs, a GB taken in",
  alarmMetrics: "CloudWatch, a metric that an alarm looks at, a month",
  emails: "SES, a million emails",
  outGigabytes: "Data transfer, a GB out to the internet",
} as const;
export type Unit = keyof typeof UNITS;
export const UNIT_NAMES: readonly Unit[] = [
  "writeUnits",
  "readUnits",
  "tableGigabyteMonths",
  "backupGigabyteMonths",
  "fifoRequests",
  "standardRequests",
  "invocations",
  "gigabyteSeconds",
  "logGigabytes",
  "alarmMetrics",
  "emails",
  "outGigabytes",
];

export const REGIONS = ["us-east-1", "eu-central-1"] as const;
export type Region = (typeof REGIONS)[number];

const LAMBDA = "git.mcrn.ar/mariano/lambda_local_runner, lambda-13-cost.md";
const DYNAMODB = "airbyte.com/data-engineering-resources/dynamodb-pricing, July 2025";
const LOGS = "notes of the AWS Pricing API's answer of October 2025";
const SES = "aws.amazon.com/ses/pricing, November 2026 (functions/core/prices.ts)";
const ALARMS = "c3x.dev/resources/aws/aws_cloudwatch_metric_alarm";
const SQS = "JasonZ-Git/JasonTechnology, AWS_Pricing_Simple.md";

export const PRICES: Readonly<Record<Region, Readonly<Record<Unit, Price>>>> = {
  "us-east-1": {
    writeUnits: { usd: 0.625, seen: DYNAMODB },
    readUnits: { usd: 0.125, seen: DYNAMODB },
    tableGigabyteMonths: { usd: 0.25, seen: null },
    backupGigabyteMonths: { usd: 0.2, seen: null },
    fifoRequests: { usd: 0.5, seen: null },
    standardRequests: { usd: 0.4, seen: SQS },
    invocations: { usd: 0.2, seen: LAMBDA },
    gigabyteSeconds: { usd: 13.3334, seen: LAMBDA },
    logGigabytes: { usd: 0.5, seen: LOGS },
    alarmMetrics: { usd: 0.1, seen: ALARMS },
    emails: { usd: 100, seen: SES },
    outGigabytes: { usd: 0.09, seen: null },
  },
  "eu-central-1": {
    writeUnits: { usd: 0.7625, seen: null },
    readUnits: { usd: 0.1525, seen: null },
    tableGigabyteMonths: { usd: 0.306, seen: null },
    backupGigabyteMonths: { usd: 0.2448, seen: null },
    fifoRequests: { usd: 0.5, seen: null },
    standardRequests: { usd: 0.4, seen: null },
    invocations: { usd: 0.2, seen: null },
    gigabyteSeconds: { usd: 13.3334, seen: null },
    logGigabytes: { usd: 0.63, seen: "billing rules of a CloudHealth tool (EUC1-DataProcessing-Bytes, January 2025)" },
    alarmMetrics: { usd: 0.1, seen: null },
    emails: { usd: 100, seen: SES },
    outGigabytes: { usd: 0.09, seen: null },
  },
};

/** How much of each unit something takes; units that are counted in millions are given one by one. */
export type Use = Readonly<Partial<Record<Unit, number>>>;

const MILLIONS: ReadonlySet<string> = new Set<Unit>([
  "writeUnits",
  "readUnits",
  "fifoRequests",
  "standardRequests",
  "invocations",
  "gigabyteSeconds",
  "emails",
]);

/** USD, in a region. */
export function costOf(use: Use, region: Region): number {
  return UNIT_NAMES.reduce((sum, unit) => {
    const price = PRICES[region][unit].usd / (MILLIONS.has(unit) ? 1e6 : 1);
    return sum + (use[unit] ?? 0) * price;
  }, 0);
}
