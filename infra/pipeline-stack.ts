import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { AddressStack } from "./address-stack.ts";
import { invocationsAtMost, reservedForAnApi } from "./concurrency.ts";
import { Alarms } from "./constructs/alarms.ts";
import { Budget } from "./constructs/budget.ts";
import { DeliveryChannel } from "./constructs/delivery-channel.ts";
import { Mail } from "./constructs/mail.ts";
import { ManageApi } from "./constructs/manage-api.ts";
import { PlanNotifications } from "./constructs/plan-notifications.ts";
import { PublishPage } from "./constructs/publish-page.ts";
import { ReceiveFeedback } from "./constructs/receive-feedback.ts";
import { SendEmail } from "./constructs/send-email.ts";
import { SendSms } from "./constructs/send-sms.ts";
import { SendWebhook } from "./constructs/send-webhook.ts";
import { SideLane } from "./constructs/side-lane.ts";
import { SubscriptionApi } from "./constructs/subscription-api.ts";
import { Sweep } from "./constructs/sweep.ts";
import type { Environment } from "./environments.ts";
import type { StateStack } from "./state-stack.ts";

export interface PipelineStackProps extends StackProps {
  environment: Environment;
  state: StateStack;
  addresses: AddressStack;
}

/** An update's way, in order. Nothing here holds state of its own, or has an address. */
export class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, { environment, state, addresses, ...props }: PipelineStackProps) {
    super(scope, id, props);
    const { alarmEmail, monthlyBudget } = environment;
    const alarms = new Alarms(this, "Alarms", { email: alarmEmail });
    if (monthlyBudget !== null && alarmEmail !== null) {
      new Budget(this, "Budget", { amount: monthlyBudget, email: alarmEmail });
    }

    // Every step writes these into its texts.
    const { pageUrl, subscriptionsUrl } = addresses;

    // Lanes: one for each channel's chunks, one for webhooks tried before, and one for what strangers can cause.
    const email = new DeliveryChannel(this, "Email", { alarms, what: "email", lateAfter: Duration.minutes(15) });
    const sms = new DeliveryChannel(this, "Sms", { alarms, what: "SMS", lateAfter: Duration.minutes(15) });
    const webhook = new DeliveryChannel(this, "Webhook", { alarms, what: "webhook", lateAfter: Duration.minutes(10) });
    const webhookRetries = new SideLane(this, "WebhookRetries", { alarms });
    const probes = new SideLane(this, "Probes", { alarms });
    const chunks = { email: email.chunks, sms: sms.chunks, webhook: webhook.chunks };

    const atMost = invocationsAtMost(environment);
    const reserved = reservedForAnApi(environment);

    // Operators and the public.
    const letters = new SideLane(this, "Letters", { alarms });
    const { mailFrom, sms: smsSettings, webhookTargets } = environment;
    const smsCountries = smsSettings.countries;
    const smsMaxPrice = String(smsSettings.maxPrice);
    const smsDailyCeiling = String(smsSettings.dailyCeiling);
    new ManageApi(this, "ManageApi", {
      state,
      address: addresses.manageApi,
      sparePath: addresses.sparePath,
      alarms,
      letters: letters.work,
      resends: { email: email.chunks, sms: sms.chunks, webhookRetry: webhookRetries.work },
      pageUrl,
      subscriptionsUrl,
      mailFrom,
      smsCountries,
      smsMaxPrice,
      smsDailyCeiling,
      webhookTargets,
      reserved,
    });
    const smsLetters = new SideLane(this, "SmsLetters", { alarms });
    new SubscriptionApi(this, "SubscriptionApi", {
      state,
      address: addresses.subscriptionApi,
      alarms,
      letters: letters.work,
      smsLetters: smsLetters.work,
      probes: probes.work,
      pageUrl,
      subscriptionsUrl,
      mailFrom,
      smsCountries,
      webhookTargets,
      captcha: environment.captcha,
      reserved,
    });

    // An update was committed: the page.
    const publishPage = new PublishPage(this, "PublishPage", {
      state,
      bucket: Bucket.fromBucketName(this, "SiteBucket", addresses.siteBucketName),
      alarms,
      pageUrl,
      subscriptionsUrl,
      hasMail: mailFrom !== null,
      smsCountries,
      signUpPageUrl: environment.signUpPageUrl,
      atMost: atMost.publish,
    });

    // Then its subscribers, cut into chunks.
    const mail = new Mail(this, "Mail", { from: mailFrom, alarms });
    const planNotifications = new PlanNotifications(this, "PlanNotifications", {
      state,
      alarms,
      mail,
      pageUrl,
      subscriptionsUrl,
      topic: addresses.topic.topic,
      letters: letters.work,
      chunks,
      atMost: atMost.plan,
    });

    // Senders.
    const sendEmail = new SendEmail(this, "SendEmail", {
      state,
      alarms,
      chunks: email.chunks,
      letters: letters.work,
      mail,
      subscriptionsUrl,
      emailsPerSecond: environment.emailsPerSecond,
    });
    email.sentBy(sendEmail.function, atMost.email);
    letters.sentBy(sendEmail.function, atMost.letters);
    const sendSms = new SendSms(this, "SendSms", {
      state,
      alarms,
      letters: smsLetters.work,
      chunks: sms.chunks,
      subscriptionsUrl,
      countries: smsCountries,
      maxPrice: smsMaxPrice,
      dailyCeiling: smsDailyCeiling,
      senderId: smsSettings.senderId,
    });
    sms.sentBy(sendSms.function, atMost.sms);
    smsLetters.sentBy(sendSms.function, atMost.smsLetters);
    const sendWebhook = new SendWebhook(this, "SendWebhook", {
      state,
      retries: webhookRetries.work,
      probes: probes.work,
      letters: letters.work,
      planning: planNotifications.missed,
      subscriptionsUrl,
      targets: webhookTargets,
    });
    webhook.sentBy(sendWebhook.function, atMost.webhook);
    webhookRetries.sentBy(sendWebhook.function, atMost.webhookRetry);
    probes.sentBy(sendWebhook.function, atMost.probes);

    // What came back.
    new ReceiveFeedback(this, "ReceiveFeedback", { state, alarms, mail, atMost: atMost.feedback });

    // What was interrupted.
    new Sweep(this, "Sweep", {
      state,
      alarms,
      pageBuild: publishPage.build,
      queues: {
        ...chunks,
        webhookRetry: webhookRetries.work,
        plan: planNotifications.missed,
        publish: publishPage.behind,
      },
    });

    // For `npm run doctor`.
    new CfnOutput(this, "AlarmTopicArn", { value: alarms.topic.topicArn });
    new CfnOutput(this, "ConfigurationSetName", { value: mail.configurationSet.configurationSetName });
  }
}
