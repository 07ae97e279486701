import { Duration, Lazy } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FilterRule } from "aws-cdk-lib/aws-lambda";
import type { IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { envSchema } from "../../functions/publish-page/env.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import { PipelineFunction } from "./pipeline-function.ts";
import { StatusStream } from "./status-stream.ts";
import { allow } from "./table-access.ts";
import { FEWEST_TRIES, WorkQueue } from "./work-queue.ts";

export interface PublishPageProps {
  state: StateStack;
  /** The page's files. */
  bucket: IBucket;
  alarms: Alarms;
  pageUrl: string;
  subscriptionsUrl: string;
  hasMail: boolean;
  smsCountries: readonly string[];
  /** Where to sign up in place of the page's own forms, or null. */
  signUpPageUrl: string | null;
  /** Invocations at once for pages that are behind. */
  atMost: number;
}

const TIMEOUT = Duration.seconds(60);

/** status stream, or sweep -> the page's files in the bucket. */
export class PublishPage extends Construct {
  /** Pages whose files are behind. */
  readonly behind: WorkQueue;
  /** What the files are made with: sweep compares it with what those in the bucket were made with. */
  readonly build: string;

  constructor(scope: Construct, id: string, { state, bucket, alarms, ...settings }: PublishPageProps) {
    super(scope, id);
    const shown = {
      PAGE_URL: settings.pageUrl,
      SUBSCRIPTIONS_URL: settings.subscriptionsUrl,
      MAIL: settings.hasMail ? "on" : "off",
      SMS_COUNTRIES: settings.smsCountries.join(","),
      SIGN_UP_PAGE_URL: settings.signUpPageUrl ?? "",
    };
    // The values as they are deployed, so that another host behind the same resource counts too.
    this.build = Lazy.string({ produce: () => [publisher.codeKey, ...Object.values(shown)].join(" ") });
    const publisher: PipelineFunction = new PipelineFunction(this, "Function", {
      step: "publish-page",
      description: "writes the page's HTML, JSON and feeds",
      envSchema,
      environment: {
        STATUS_TABLE: state.status.tableName,
        SITE_BUCKET: bucket.bucketName,
        ...shown,
        PAGE_BUILD: this.build,
      },
      memorySize: 1769,
      timeout: TIMEOUT,
    });
    // Writes only the publication: its lease and version, on the condition of the page's.
    allow(publisher, state.status, ["GetItem", "Query", "UpdateItem", "ConditionCheckItem"], ["newest"]);
    // Without ListBucket, S3 answers 403 for a missing file, not 404.
    publisher.addToRolePolicy(new PolicyStatement({ actions: ["s3:ListBucket"], resources: [bucket.bucketArn] }));
    publisher.addToRolePolicy(
      new PolicyStatement({
        actions: ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
        resources: [bucket.arnForObjects("*")],
      }),
    );
    publisher.acceptWildcard(
      bucket.arnForObjects("*"),
      "The files of the page's own bucket, which holds nothing else.",
    );

    const dead = {
      impact: "Readers may see a page that is behind: writing it failed again and again.",
      runbook: "publishing-failed",
    };
    const late = { impact: "Readers see a page that is minutes behind.", runbook: "publishing-behind" };
    new StatusStream(this, "Stream", {
      state,
      alarms,
      step: publisher,
      // Every change of what the page shows raises the version in this one item.
      filters: [
        {
          eventName: FilterRule.or("INSERT", "MODIFY"),
          dynamodb: { Keys: { sk: { S: FilterRule.isEqual("PAGE") } } },
        },
      ],
      // The changes of one burst together are one publication.
      batchSize: 100,
      dead,
      late,
    });
    this.behind = new WorkQueue(this, "Behind", {
      alarms,
      fifo: false,
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      tries: FEWEST_TRIES,
      dead,
      late: { ...late, after: Duration.minutes(5) },
    });
    this.behind.feed(publisher, settings.atMost);
  }
}
