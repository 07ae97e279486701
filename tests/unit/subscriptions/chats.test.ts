import { describe, expect, test } from "vitest";
import { WEBHOOK_FORMATS } from "../../../functions/core/subscriber.ts";
import { HttpProblem } from "../../../functions/lambda/problem.ts";
import { endpointsPerHost, formatAt } from "../../../functions/subscriptions/chats.ts";
import { endpointOf } from "../../../functions/subscriptions/contact.ts";

const fields = { endpoint: "subscriber.endpoint", format: "subscriber.format" };
const operator = { chosenBy: "operator", webhookTargets: "public", fields } as const;
const anybody = { ...operator, chosenBy: "anybody" } as const;

/** As it comes in: an address is vetted and written in its one way before anybody asks for its format. */
const stored = (given: string) => endpointOf(given, "public", "endpoint");

function refusal(run: () => unknown): { field: string; problem: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 422 && error.details[0] !== undefined) return error.details[0];
    throw error;
  }
  throw new Error("it was not refused");
}

const SLACK = "https://hooks.slack.com/services/T0001/B0001/abcDEF";
const DISCORD = "https://discord.com/api/webhooks/123/abc-DEF_";
const WORKFLOW =
  "https://default0123.4.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/ab/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=s";

test.each([
  [SLACK, "slack"],
  ["HTTPS://Hooks.Slack.COM:443/services/T0001/B0001/abcDEF", "slack"],
  [`${SLACK}/`, "slack"],
  ["https://hooks.slack.com./services/T0001/B0001/abcDEF", "slack"],
  ["https://hooks.slack-gov.com/services/T0001/B0001/abcDEF", "slack"],
  [DISCORD, "discord"],
  [`${DISCORD}/`, "discord"],
  [`${DISCORD}?wait=true&thread_id=42`, "discord"],
  ["https://discord.com/api/v10/webhooks/123/abc", "discord"],
  ["https://discordapp.com/api/webhooks/123/abc", "discord"],
  ["https://canary.discord.com/api/webhooks/123/abc", "discord"],
  ["https://ptb.discordapp.com/api/v9/webhooks/123/abc", "discord"],
  [WORKFLOW, "teams"],
  [
    "https://prod-12.westeurope.logic.azure.com:443/workflows/ab/triggers/manual/paths/invoke?api-version=2016-06-01&sig=s",
    "teams",
  ],
  [
    "https://prod-12.westeurope.logic.azure.com/workflows/ab/triggers/When_a_HTTP_request_is_received/paths/invoke?sig=s",
    "teams",
  ],
  ["https://mattermost.example.com/hooks/abc", "statuspage"],
  ["https://hooks.slack.com.example.com/services/T0001/B0001/abcDEF", "statuspage"],
  ["https://notdiscord.com/api/webhooks/123/abc", "statuspage"],
  ["https://hooks.zapier.com/hooks/catch/1/a", "statuspage"],
] as const)("%s is posted in the form of %s, whoever adds it", (given, format) => {
  for (const rules of [operator, anybody]) expect(formatAt(stored(given), undefined, rules)).toBe(format);
});

test.each([
  ["https://hooks.slack.com/triggers/T0001/123/abc", "make an incoming webhook (https://hooks.slack.com/services/…)"],
  ["https://hooks.slack.com/workflows/T0001/A0001/123/abc", "make an incoming webhook"],
  ["https://hooks.slack.com/services/T0001", "is not an incoming webhook of Slack"],
  ["https://hooks.slack.com/commands/T0001/1/a", "is not an incoming webhook of Slack"],
  ["https://hooks.slack.com/", "is not an incoming webhook of Slack"],
  ["https://hooks.slack.com:8443/%73ervices/T0001/B0001/abc", "is not an incoming webhook of Slack"],
  ["https://slack.com/api/chat.postMessage", "is not an incoming webhook of Slack"],
  ["https://acme.slack.com/archives/C1", "is not an incoming webhook of Slack"],
  [`${DISCORD}/slack`, "leave off /slack"],
  [`${DISCORD}/slack/?wait=true`, "leave off /slack"],
  [`${DISCORD}/github`, "leave off /github"],
  ["https://discord.com/channels/1/2", "is not a webhook of Discord"],
  ["https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d", "make a workflow in Teams"],
  ["https://outlook.office.com/webhook/a@b/IncomingWebhook/c/d", "make a workflow in Teams"],
  ["https://outlook.office365.com/webhook/a", "make a workflow in Teams"],
  ["https://prod-12.westeurope.logic.azure.com/workflows/ab", "…/triggers/manual/paths/invoke?…"],
  ["https://chat.googleapis.com/v1/spaces/AAA/messages?key=k&token=t", "is at Google Chat"],
  ["https://api.telegram.org/bot1:a/sendMessage", "is at Telegram"],
  ["https://webexapis.com/v1/webhooks/incoming/a", "is at Webex"],
  ["https://open.feishu.cn/open-apis/bot/v2/hook/a", "is at Lark"],
  ["https://oapi.dingtalk.com/robot/send?access_token=a", "is at DingTalk"],
])("%s is refused with a word, whatever format is asked for", (given, word) => {
  for (const rules of [operator, anybody]) {
    for (const format of [undefined, ...WEBHOOK_FORMATS]) {
      const { field, problem } = refusal(() => formatAt(stored(given), format, rules));
      expect(field).toBe("subscriber.endpoint");
      expect(problem).toContain(word);
    }
  }
});

describe("a format that is asked for", () => {
  test.each([
    [SLACK, "statuspage"],
    [SLACK, "teams"],
    [DISCORD, "slack"],
    [WORKFLOW, "slack"],
  ] as const)("at %s contradicts what is taken there: %s", (given, format) => {
    for (const rules of [operator, anybody]) {
      expect(refusal(() => formatAt(stored(given), format, rules)).field).toBe("subscriber.format");
    }
  });

  test("may be Statuspage's for a flow, which takes any JSON", () => {
    for (const rules of [operator, anybody]) expect(formatAt(stored(WORKFLOW), "statuspage", rules)).toBe("statuspage");
  });

  test("is an operator's to choose at hosts of their own, and nobody else's", () => {
    const mattermost = stored("https://mattermost.example.com/hooks/abc/");
    expect(mattermost).toBe("https://mattermost.example.com/hooks/abc/");
    for (const format of WEBHOOK_FORMATS) expect(formatAt(mattermost, format, operator)).toBe(format);
    expect(refusal(() => formatAt(mattermost, "slack", anybody)).field).toBe("subscriber.format");
    expect(formatAt(mattermost, "slack", { ...anybody, webhookTargets: "any" })).toBe("slack");
  });
});

test("a chat's address is stored in one spelling, and its secret as it was given", () => {
  expect(stored("https://HOOKS.slack.com:443/services/T0001/B0001/abcDEF//")).toBe(SLACK);
  expect(stored(`${DISCORD}/?wait=true`)).toBe(`${DISCORD}?wait=true`);
});

test("many people share a chat's host", () => {
  expect([SLACK, DISCORD, WORKFLOW].map(endpointsPerHost)).toEqual([500, 500, 500]);
  expect(endpointsPerHost("https://mattermost.example.com/hooks/abc")).toBe(20);
});
