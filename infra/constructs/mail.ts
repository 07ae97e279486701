import { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { ConfigurationSet, ConfigurationSetTlsPolicy, SuppressionReasons } from "aws-cdk-lib/aws-ses";
import { Construct } from "constructs";
import type { Alarms } from "./alarms.ts";

/**
 * How email leaves. Bounces and complaints go to receive-feedback, and onto the account's suppression list, which SES
 * itself honours.
 */
export class Mail extends Construct {
  readonly configurationSet: ConfigurationSet;
  /** Null: none yet, so that no mail is sent. */
  readonly from: string | null;

  constructor(scope: Construct, id: string, { from, alarms }: { from: string | null; alarms: Alarms }) {
    super(scope, id);
    this.from = from;
    this.configurationSet = new ConfigurationSet(this, "ConfigurationSet", {
      tlsPolicy: ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true,
      suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    });
    // Half of what makes SES review an account: 10 % bounces, 0.5 % complaints (SES, "Reputation metrics").
    for (const [name, metricName, threshold] of [
      ["Bounces", "Reputation.BounceRate", 0.05],
      ["Complaints", "Reputation.ComplaintRate", 0.001],
    ] as const) {
      alarms.add(this, name, {
        impact: "SES may stop this account's email altogether.",
        runbook: "mail-reputation",
        metric: new Metric({ namespace: "AWS/SES", metricName, period: Duration.hours(1), statistic: "Maximum" }),
        threshold,
      });
    }
  }
}
