import { Duration, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { SHARE_USED_UP } from "../../functions/permits/permit-letter.ts";
import { envSchema } from "../../functions/send-email/env.ts";
import { senderMemory } from "../concurrency.ts";
import type { StateStack } from "../state-stack.ts";
import type { Alarms } from "./alarms.ts";
import type { Mail } from "./mail.ts";
import { Sender, tableNames } from "./sender.ts";
import { allow, allowItems } from "./table-access.ts";
import type { WorkQueue } from "./work-queue.ts";

export interface SendEmailProps {
  state: StateStack;
  alarms: Alarms;
  chunks: WorkQueue;
  letters: WorkQueue;
  mail: Mail;
  subscriptionsUrl: string;
  emailsPerSecond: number;
}

/** email chunks, retries and letters -> SES. */
export class SendEmail extends Construct {
  readonly function: Sender<typeof envSchema>;

  constructor(
    scope: Construct,
    id: string,
    { state, alarms, chunks, letters, mail, subscriptionsUrl, emailsPerSecond }: SendEmailProps,
  ) {
    super(scope, id);
    this.function = new Sender(this, "Function", {
      step: "send-email",
      description: "sends one chunk of an update by email, or a confirmation",
      envSchema,
      environment: {
        ...tableNames(state),
        EMAIL_QUEUE_URL: chunks.url,
        LETTERS_QUEUE_URL: letters.url,
        SUBSCRIPTIONS_URL: subscriptionsUrl,
        MAIL_FROM: mail.from ?? "",
        CONFIGURATION_SET: mail.configurationSet.configurationSetName,
      },
      state,
      memorySize: senderMemory(emailsPerSecond),
    });
    chunks.grantSend(this.function);
    letters.grantSend(this.function);
    // The send schedule; who got letters, by a name from the page's key; and the letters' share of the quota.
    allowItems(this.function, state.access, {
      schedules: ["GetItem", "UpdateItem"],
      signingKeys: ["Query"],
      permits: ["GetItem", "PutItem", "UpdateItem"],
    });
    // What somebody asked for in the name of an address; kept once its letter is permitted.
    allow(this.function, state.subscribers, ["PutItem", "UpdateItem"]);
    const stack = Stack.of(this);
    if (mail.from !== null) this.maySendFrom(mail.from, mail.configurationSet.configurationSetName);
    const refusals = new MetricFilter(this, "ShareUsedUp", {
      logGroup: this.function.logGroup,
      // A phrase, because Lambda writes more than the logger's JSON into the line.
      filterPattern: FilterPattern.literal(`"${SHARE_USED_UP}"`),
      metricNamespace: `Tocsin/${stack.stackName}`,
      metricName: "LettersShareUsedUp",
    });
    alarms.add(this, "ShareUsedUpAlarm", {
      impact: "People who sign up, or ask for a link, get no mail for now. Updates go out.",
      runbook: "letters-share-used-up",
      metric: refusals.metric({ period: Duration.minutes(5), statistic: "Sum" }),
      threshold: 1,
    });
  }

  /**
   * SES asks IAM about the identity that it takes: the sender's address, its domain or a domain above, whichever is
   * verified. In its sandbox it asks about the recipient's too ("not authorized … on resource … identity/<recipient>":
   * cloudposse/terraform-aws-ses issue 40, GSA/data.gov issue 3810). So the condition fixes the sender, as SES documents it
   * ("Restricting the From address" in "Identity and access management in Amazon SES").
   */
  private maySendFrom(from: string, configurationSet: string): void {
    const named = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: "ses", resource, resourceName });
    const identities = named("identity", "*");
    this.function.acceptWildcard(
      identities,
      "Any verified identity of this account, for mail from the one sender's address: the condition names it.",
    );
    this.function.addToRolePolicy(
      new PolicyStatement({
        actions: ["ses:SendRawEmail"],
        resources: [identities, named("configuration-set", configurationSet)],
        conditions: { StringEquals: { "ses:FromAddress": from } },
      }),
    );
  }
}
