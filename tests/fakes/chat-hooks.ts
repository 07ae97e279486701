import { z } from "zod";

const slackSchema = z.union([
  z.object({ text: z.string().min(1) }),
  z.object({ blocks: z.array(z.unknown()).min(1) }),
  z.object({ attachments: z.array(z.unknown()).min(1) }),
]);
const discordSchema = z.union([
  z.object({ content: z.string().min(1) }),
  z.object({ embeds: z.array(z.unknown()).min(1) }),
]);
const triggerSchema = z.record(z.string(), z.string());

/**
 * The status with which a chat answers a post, by its host; null: no chat is there. Slack: `no_text` or
 * `invalid_payload` is 400, an unknown hook 404 (docs.slack.dev, "Sending messages using incoming webhooks"); a trigger
 * takes only flat text ("Sending data via a webhook to start a Slack workflow"). Discord: an empty message is 400, code
 * 50006; an accepted one is 204 (discord.com/developers, "Execute Webhook"). Power Automate accepts everything and
 * answers 202 before its flow runs.
 */
export function chatStatus(endpoint: string, body: string): number | null {
  const { hostname, pathname } = new URL(endpoint);
  const json: unknown = JSON.parse(body);
  if (hostname === "hooks.slack.com") {
    if (pathname.startsWith("/triggers/")) return triggerSchema.safeParse(json).success ? 200 : 400;
    if (!pathname.startsWith("/services/")) return 404;
    return slackSchema.safeParse(json).success ? 200 : 400;
  }
  if (hostname === "discord.com") {
    const schema = pathname.endsWith("/slack") ? slackSchema : discordSchema;
    return schema.safeParse(json).success ? 204 : 400;
  }
  return hostname.endsWith(".logic.azure.com") ? 202 : null;
}
