import { CHAT_FORMATS, type WebhookFormat } from "../core/subscriber.ts";
import { withoutEnd } from "../core/without-end.ts";
import { invalid } from "../lambda/problem.ts";

/** What an address takes. The first of several formats applies unless the caller asks for another. */
type Takes = { formats: readonly [WebhookFormat, ...WebhookFormat[]] } | { refused: string };

/** The first path that fits says what it takes; `else` is for all the others of the host. */
interface Host {
  host: RegExp;
  paths: readonly (readonly [RegExp, Takes])[];
  else: string;
}

const ANYTHING: Takes = { formats: ["statuspage", ...CHAT_FORMATS] };

const SLACK = "https://hooks.slack.com/services/…";
const DISCORD = "https://discord.com/api/webhooks/…";
const WORKFLOW = "make a workflow in Teams that starts when a Teams webhook request is received, and give its address";

/**
 * The chats' own hosts. Sources: docs.slack.dev, "Sending messages using incoming webhooks" and "Creating webhook
 * triggers" (a trigger takes only the variables that its workflow names); discord.com/developers, "Webhook resource"
 * (the API's version may be in the path; `/slack` shows no blocks, `/github` takes GitHub's events);
 * learn.microsoft.com, "Create incoming webhooks with Workflows" and the retirement of Microsoft 365 connectors, which
 * ended in May 2026. A trigger of Power Automate or Logic Apps takes any JSON, so a flow there may want Statuspage's.
 */
const CHATS: readonly Host[] = [
  {
    host: /^hooks\.slack(?:-gov)?\.com$/,
    paths: [
      [/^\/services(?:\/[^/]+){3}$/, { formats: ["slack"] }],
      [
        /^\/(?:workflows|triggers)(?:\/|$)/i,
        {
          refused: `starts a Slack workflow, which takes its own variables alone: make an incoming webhook (${SLACK})`,
        },
      ],
    ],
    else: `is not an incoming webhook of Slack (${SLACK})`,
  },
  { host: /(?:^|\.)slack(?:-gov)?\.com$/, paths: [], else: `is not an incoming webhook of Slack (${SLACK})` },
  {
    host: /^(?:(?:www|ptb|canary)\.)?discord(?:app)?\.com$/,
    paths: [
      [/^\/api(?:\/v\d+)?\/webhooks\/[^/]+\/[^/]+$/, { formats: ["discord"] }],
      [
        /^\/api(?:\/v\d+)?\/webhooks\/[^/]+\/[^/]+\/slack$/,
        { refused: "shows only a part of Slack's form: leave off /slack at its end, and Discord's own is posted" },
      ],
      [
        /^\/api(?:\/v\d+)?\/webhooks\/[^/]+\/[^/]+\/github$/,
        { refused: "takes GitHub's events alone: leave off /github at its end" },
      ],
    ],
    else: `is not a webhook of Discord (${DISCORD})`,
  },
  {
    host: /(?:^|\.)webhook\.office(?:365)?\.com$|^outlook\.office(?:365)?\.(?:com|us)$/,
    paths: [],
    else: `is a connector of Microsoft 365, and Microsoft has ended those: ${WORKFLOW}`,
  },
  {
    host: /\.logic\.azure\.(?:com|us|cn)$|\.api\.(?:(?:gov|high)\.)?powerplatform\.(?:com|microsoft\.us|partner\.microsoftonline\.cn)$/,
    paths: [[/\/triggers\/[^/]+\/paths\/invoke(?:\/|$)/i, { formats: ["teams", "statuspage"] }]],
    else: `is not the address of a workflow's trigger (…/triggers/manual/paths/invoke?…): ${WORKFLOW}`,
  },
];

/** Each one's webhooks take a form of their own. */
const OTHERS: readonly (readonly [name: string, host: RegExp])[] = [
  ["Google Chat", /^chat\.googleapis\.com$/],
  ["Telegram", /^api\.telegram\.org$/],
  ["Webex", /^(?:api\.)?(?:webexapis|ciscospark)\.com$/],
  ["Lark", /^open\.(?:feishu\.cn|larksuite\.com)$/],
  ["DingTalk", /^(?:oapi|api)\.dingtalk\.com$/],
  ["WeCom", /^qyapi\.weixin\.qq\.com$/],
  ["Zoho Cliq", /^cliq\.zoho\.[a-z.]+$/],
  ["LINE", /^(?:notify-)?api\.line\.me$/],
  ["WhatsApp", /^graph\.facebook\.com$/],
];

function chatAt({ hostname }: URL): Host | undefined {
  return CHATS.find(({ host }) => host.test(hostname));
}

function takenAt(url: URL): Takes {
  const chat = chatAt(url);
  if (chat !== undefined) {
    const [, takes] = chat.paths.find(([path]) => path.test(url.pathname)) ?? [];
    return takes ?? { refused: chat.else };
  }
  const other = OTHERS.find(([, host]) => host.test(url.hostname));
  return other === undefined
    ? ANYTHING
    : { refused: `is at ${other[0]}, whose webhooks take a form of their own that there is none of here` };
}

/** The one way to write a chat's address: none ends in a slash, and another spelling would be another endpoint. */
export function withoutLastSlash(url: URL): void {
  if (chatAt(url) !== undefined) url.pathname = withoutEnd(url.pathname, /\/$/);
}

export interface FormatRules {
  /**
   * Operators vouch for what they choose, such as Slack's form for a Mattermost of their own. Anybody else may choose a
   * chat's form at that chat's own hosts only. Anywhere else, a click of the person who registered the endpoint would
   * confirm it, at somebody else's expense. In an environment for local work nobody else is there.
   */
  chosenBy: "operator" | "anybody";
  webhookTargets: "public" | "any";
  /** The fields to name when the address takes nothing, or not the format asked for. */
  fields: { endpoint: string; format: string };
}

/**
 * The format that an endpoint gets. Host and path decide it; if they take several, the person who adds the endpoint
 * chooses. Everything that stores an endpoint or changes its format asks here. Throws 422.
 */
export function formatAt(
  endpoint: string,
  asked: WebhookFormat | undefined,
  { chosenBy, webhookTargets, fields }: FormatRules,
): WebhookFormat {
  const takes = takenAt(new URL(endpoint));
  if ("refused" in takes) throw invalid(fields.endpoint, takes.refused);
  const { formats } = takes;
  const format = asked ?? formats[0];
  if (!formats.includes(format)) throw invalid(fields.format, `must be ${formats.join(" or ")} at this address`);
  const isFree = takes === ANYTHING && webhookTargets === "public" && chosenBy === "anybody";
  if (isFree && format !== "statuspage") {
    throw invalid(
      fields.format,
      `can be ${format} only at its own hosts: whoever runs the page can add other endpoints`,
    );
  }
  return format;
}

/** Whether an endpoint is at one of the chats' own hosts. */
export function isChat(endpoint: string): boolean {
  return chatAt(new URL(endpoint)) !== undefined;
}

/** How many endpoints of one host a page takes from the public: many people share a chat's. */
export function endpointsPerHost(endpoint: string): number {
  return isChat(endpoint) ? 500 : 20;
}
