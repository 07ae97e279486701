import type { ChatFormat } from "../core/subscriber.ts";

export const CHAT_NAMES: Record<ChatFormat, string> = {
  slack: "Slack",
  discord: "Discord",
  teams: "Microsoft Teams",
};
