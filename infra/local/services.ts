import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import { S3Client } from "@aws-sdk/client-s3";
import { SNSClient } from "@aws-sdk/client-sns";
import { SQSClient } from "@aws-sdk/client-sqs";
import { sdkLogger } from "../../functions/lambda/sdk-logger.ts";
import { REGION } from "./account.ts";
import type { Activity } from "./activity.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { FeedbackDestination } from "./emulators/mail-front.ts";
import type { FunctionLog } from "./function-log.ts";
import type { LocalFunction } from "./local-function.ts";

const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** Base URLs of the emulators. */
export interface Emulators {
  dynamodb: string;
  /** SQS, SNS and S3 share one. */
  fauxqs: string;
  ses: string;
}

export interface Clients {
  dynamodb: DynamoDBClient;
  streams: DynamoDBStreamsClient;
  sqs: SQSClient;
  sns: SNSClient;
  s3: S3Client;
}

export function clientsFor(emulators: Emulators): Clients {
  const common = { region: REGION, credentials: CREDENTIALS, logger: sdkLogger };
  const fauxqs = { ...common, endpoint: emulators.fauxqs };
  return {
    dynamodb: new DynamoDBClient({ ...common, endpoint: emulators.dynamodb }),
    streams: new DynamoDBStreamsClient({ ...common, endpoint: emulators.dynamodb }),
    // The queue URLs name a host that Node does not resolve.
    sqs: new SQSClient({ ...fauxqs, useQueueUrlAsEndpoint: false }),
    sns: new SNSClient(fauxqs),
    s3: new S3Client({ ...fauxqs }),
  };
}

/** The environment of a deployed function, and the places where the SDK should look instead of AWS. */
export function sdkEnvironment(emulators: Emulators): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_ENDPOINT_URL_DYNAMODB: emulators.dynamodb,
    AWS_ENDPOINT_URL_SQS: emulators.fauxqs,
    AWS_ENDPOINT_URL_SNS: emulators.fauxqs,
    AWS_ENDPOINT_URL_S3: emulators.fauxqs,
    AWS_ENDPOINT_URL_SES: emulators.ses,
  };
}

/** Bundles load; then servers and mappings begin; then, once the data is in place, schedules. */
export const PHASES = ["load", "serve", "schedule"] as const;
export type Phase = (typeof PHASES)[number];

/** One CORS rule of a bucket, as in its template. */
export interface CorsRule {
  AllowedOrigins: readonly string[];
  AllowedMethods: readonly string[];
  AllowedHeaders: readonly string[];
  MaxAge?: number | undefined;
}

/** What resources are made with, and where they register what is looked up later. */
export interface Services {
  clients: Clients;
  sdkEnvironment: Record<string, string>;
  /** The folder of a bundled asset, or null. */
  assetFolder(objectKey: string): string | null;
  functions: FunctionRegistry;
  activity: Activity;
  log: FunctionLog;
  checkpoints: Checkpoints;
  sweepMs: number;
  /** The port that answers for an API integrated with this function, or null if there is none. */
  apiPort(functionName: string): number | null;
  pagePort: number;
  /** The Cache-Control with which a file was put: the bucket's emulator forgets it. */
  cacheControlOf(bucket: string, key: string): string | null;
  /** The CORS rules of each bucket that has any, by its name: the emulator knows none. */
  corsRules: Map<string, readonly CorsRule[]>;
  /** Registers where the mail provider publishes bounces and complaints. */
  addFeedbackDestination(destination: FeedbackDestination): void;
  /** Runs once all resources exist and the phases before it are over. */
  at(phase: Phase, start: () => Promise<void>): void;
  /** Runs at the end, the last registered first. */
  whenStopped(stop: () => Promise<void>): void;
}

/** Functions by name and by ARN. */
export class FunctionRegistry {
  readonly #byReference = new Map<string, LocalFunction>();

  add(arn: string, name: string, made: LocalFunction): void {
    this.#byReference.set(arn, made).set(name, made);
  }

  find(reference: string): LocalFunction | null {
    return this.#byReference.get(reference) ?? null;
  }

  all(): LocalFunction[] {
    return [...new Set(this.#byReference.values())];
  }
}
