import type { ChatFormat } from "../core/subscriber.ts";

/** Where the chats have their incoming webhooks. Their addresses hold a secret each, and many endpoints share a host. */
const CHAT_HOSTS: readonly { format: ChatFormat; host: RegExp }[] = [
  { format: "slack", host: /^hooks\.slack(?:-gov)?\.com$/ },
  { format: "discord", host: /^(?:(?:ptb|canary)\.)?discord(?:app)?\.com$/ },
  { format: "teams", host: /\.webhook\.office\.com$|\.logic\.azure\.com$|\.api\.powerplatform\.com$/ },
];

/** Which chat an endpoint belongs to, by its host; null: none that is known. */
export function chatAt(endpoint: string): ChatFormat | null {
  const { hostname } = new URL(endpoint);
  return CHAT_HOSTS.find(({ host }) => host.test(hostname))?.format ?? null;
}

/** How many endpoints of one host a page takes from the public. */
export function endpointsPerHost(endpoint: string): number {
  return chatAt(endpoint) === null ? 20 : 500;
}
