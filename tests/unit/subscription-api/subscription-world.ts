import { newConfirmToken } from "../../../functions/core/confirm-token.ts";
import { NO_BRANDING } from "../../../functions/core/page.ts";
import { emailWorkSchema, readWork, smsWorkSchema } from "../../../functions/core/queued-work.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import {
  ALL_UPDATES,
  type Channel,
  type EmailSubscriber,
  type Subscriber,
} from "../../../functions/core/subscriber.ts";
import { subscriberToken } from "../../../functions/core/subscriber-token.ts";
import { boundedLog } from "../../../functions/lambda/bounded-log.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import type { SendDeps } from "../../../functions/send-chunk/channel-sender.ts";
import { unpaced } from "../../../functions/send-chunk/pace.ts";
import { handleEmailWork } from "../../../functions/send-email/handle-email-work.ts";
import { handleSmsWork } from "../../../functions/send-sms/handle-sms-work.ts";
import { type SubscriptionDeps, subscriptionApi } from "../../../functions/subscription-api/api.ts";
import type { Captcha } from "../../../functions/subscription-api/captcha.ts";
import type { ContactLetter, PortalLetter } from "../../../functions/subscription-api/endpoints/webhook-deps.ts";
import { webhookRenderersFor } from "../../../functions/subscription-api/endpoints/webhook-renderers.ts";
import { servedPageOf } from "../../../functions/subscription-api/page-of.ts";
import { smsText } from "../../../functions/templates/sms/sms-text.ts";
import { httpClient } from "../../fakes/http-client.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";
import { outside } from "../../fakes/outside.ts";
import { memoryQueues } from "../../fakes/queues.ts";

export const PAGE_ID = "dracooncloud";
export const SUBSCRIBER_ID = "adaadaadaada";
export const START = Date.UTC(2025, 6, 7, 10, 5);

const SITE = { pageUrl: "https://status.example", subscriptionsUrl: "https://subs.example" };

function toldIn({ host, declineUrl }: Pick<ContactLetter, "host" | "declineUrl">): string {
  return `${host === null ? "" : `at ${host}`}\n${declineUrl === null ? "" : `decline ${declineUrl}`}`;
}

/** Mails as short as can be, with the links in them; others test what mails look like. */
const RENDERERS = {
  renderConfirmation: async (mail: { to: string; locale: string; token: string }) =>
    `to ${mail.to} (${mail.locale})\nconfirm ${SITE.subscriptionsUrl}/confirm/${mail.token}\ndecline ${SITE.subscriptionsUrl}/decline/${mail.token}`,
  renderManageLink: async (mail: { to: string; locale: string; manageUrl: string }) =>
    `to ${mail.to} (${mail.locale})\nmanage ${mail.manageUrl}`,
  renderFarewell: async (mail: { to: string; locale: string; undoUrl: string; how: string }) =>
    `to ${mail.to} (${mail.locale})\nleft by ${mail.how}\nundo ${mail.undoUrl}`,
  renderPortalLink: async ({ to, locale, portalUrl, daysToProve, ...told }: PortalLetter) =>
    `to ${to} (${locale})\nportal ${portalUrl}\n${toldIn(told)}\ndays to prove: ${daysToProve}`,
  renderChatConfirmation: async (mail: ContactLetter & { chat: string; confirmUrl: string }) =>
    `to ${mail.to} (${mail.locale}) of ${mail.chat}\nconfirm ${mail.confirmUrl}\n${toldIn(mail)}`,
  renderProbe: webhookRenderersFor({ ...SITE, mailFrom: "status@example.com" }).renderProbe,
  fitSms: smsText,
};

/** The public API over stores in memory, with one unconfirmed email subscriber and the links that were mailed to her. */
export async function subscriptionWorld({ captcha = null }: { captcha?: Captcha | null } = {}) {
  let now = START;
  const random = seededRandom("subscription-api tests");
  const logged: string[] = [];
  const keep = (line: string) => logged.push(line);
  const status = memoryStatusStore({ putNotice: () => {} });
  const subscribers = memorySubscriberStore();
  const access = memoryAccessStore({ random, pages: [PAGE_ID] });
  const ledger = memoryLedger();
  await status.createPage({
    id: PAGE_ID,
    name: "DRACOON <Cloud>",
    locale: "en",
    branding: NO_BRANDING,
    timeZone: "Europe/Berlin",
    version: 1,
    createdAt: START,
    updatedAt: START,
  });
  const subject = { pageId: PAGE_ID, channel: "email" as const, subscriberId: SUBSCRIBER_ID };
  const { token, hash } = newConfirmToken(subject, random);
  const ada: EmailSubscriber = {
    pageId: PAGE_ID,
    id: SUBSCRIBER_ID,
    channel: "email",
    email: "ada@example.org",
    state: "unconfirmed",
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en",
    pausedAt: null,
    createdAt: START,
    updatedAt: START,
    confirmedAt: null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: hash,
  };
  await subscribers.create(ada);
  const key = await access.currentSigningKey(PAGE_ID);
  const clock = () => now;
  const log = createLogger({}, { info: keep, warn: keep, error: keep });
  const queues = memoryQueues(clock);
  const world = outside();
  const deps: SubscriptionDeps = {
    status,
    servedPage: servedPageOf(status),
    subscribers,
    access,
    ledger,
    letters: queues.ports,
    smsLetters: queues.ports,
    resends: queues.ports,
    probes: queues.ports,
    webhookTargets: "public",
    ...RENDERERS,
    ...SITE,
    random,
    clock,
    hasMail: true,
    smsCountries: new Set(["DE", "AT"]),
    captcha,
    log,
  };
  const send = httpClient(subscriptionApi(deps));
  const pace = unpaced(clock, async () => {});
  const bounded = boundedLog();
  /** What send-email makes of one letter. */
  const deliver = (body: string) =>
    handleEmailWork(
      readWork(emailWorkSchema, body),
      NO_CHUNKS,
      { subscribers, access, bounded, mail: world.mail, letters: queues.ports, clock, pace },
      log,
    );
  /** What the senders make of the letters queued since the last look: mails and SMS that reached somebody. */
  const delivered = async () => {
    const before = world.reached.length;
    for (let work = queues.receive(); work !== null; work = queues.receive()) {
      if (work.queue === "letters") {
        await deliver(work.body);
      } else {
        await handleSmsWork(
          readWork(smsWorkSchema, work.body),
          NO_CHUNKS,
          { subscribers, access, bounded, sms: world.sms, smsLetters: queues.ports, clock, pace },
          log,
        );
      }
      work.settle(true);
    }
    return world.reached.slice(before);
  };
  return {
    send,
    deps,
    ledger,
    queues,
    delivered,
    deliver,
    reached: world.reached,
    answer: world.answer,
    random,
    status,
    subscribers,
    access,
    logged,
    ada,
    subject,
    confirmPath: `/confirm/${token}`,
    unsubscribePath: `/unsubscribe/${subscriberToken(key, "unsubscribe", subject)}`,
    key,
    tick: (milliseconds: number) => {
      now += milliseconds;
    },
    now: clock,
    find: (channel: Channel, address: string) => subscribers.findByAddress(PAGE_ID, channel, address),
    stored: () => subscribers.get(PAGE_ID, "email", SUBSCRIBER_ID),
  };
}

/** Every call from now on of a store or queue, as read or write, and of what makes a mail. */
export function watched({ deps }: { deps: SubscriptionDeps }): string[] {
  const calls: string[] = [];
  const kind = (name: string) => {
    if (name.startsWith("render")) return "rendering";
    return /^(get|find|list|block[O]|count[P]|invitations|current)/.test(name) ? "read" : "write";
  };
  const { renderConfirmation, renderManageLink, renderPortalLink, renderChatConfirmation } = deps;
  const renderers = { renderConfirmation, renderManageLink, renderPortalLink, renderChatConfirmation };
  for (const port of [deps.status, deps.subscribers, deps.access, deps.letters, renderers]) {
    for (const [name, member] of Object.entries(port)) {
      if (typeof member !== "function") continue;
      Object.assign(port, {
        [name]: async (...parameters: unknown[]) => {
          calls.push(kind(name));
          const found: unknown = await Reflect.apply(member, port, parameters);
          // The guard of the address, and whoever it names.
          if (name === "findByAddress" && found !== null) calls.push("read");
          return found;
        },
      });
    }
  }
  Object.assign(deps, renderers);
  return calls;
}

/** Letters never come near chunks. */
const NO_CHUNKS: SendDeps = new Proxy(Object.create(null), {
  get(_, name) {
    throw new Error(`a letter touched ${String(name)}`);
  },
});

/** The path of a link in a mail, such as `confirm`. */
export function linkIn(text: string | undefined, what: string): string {
  const found = new RegExp(`${what} ${SITE.subscriptionsUrl}(\\S+)`).exec(text ?? "")?.[1];
  if (found === undefined) throw new Error(`no link to ${what} in ${text}`);
  return found;
}

export const BUTTON = { body: "from=page", contentType: "application/x-www-form-urlencoded" };
export const ONE_CLICK = { body: "List-Unsubscribe=One-Click", contentType: "application/x-www-form-urlencoded" };

export type World = Awaited<ReturnType<typeof subscriptionWorld>>;

/** Ada in another state than unconfirmed. */
export async function adaIs(
  world: World,
  changes: Partial<Pick<Subscriber, "state" | "quarantineReason" | "confirmedAt">>,
) {
  const read = await world.stored();
  if (read === null) throw new Error("Ada is gone");
  const next: Subscriber = { ...read, confirmedAt: START, ...changes };
  if (changes.state === "quarantined") next.quarantinedAt = START;
  if (changes.state === "unsubscribed") next.unsubscribedAt = START;
  await world.subscribers.replace(read, next);
}

export async function withCatalog(world: World) {
  const stamp = { createdAt: START, updatedAt: START };
  const component = (id: string, groupId: string | null, position: number) => ({
    id,
    name: id,
    description: null,
    status: "operational" as const,
    position,
    groupId,
    showcase: true,
    onlyShowIfDegraded: false,
    startDate: null,
    ...stamp,
  });
  await world.status.saveCatalog(
    PAGE_ID,
    {
      version: 0,
      components: [
        component("webappwebapp", null, 1),
        component("uploadupload", "storagestora", 2),
        component("searchsearch", "storagestora", 3),
      ],
      groups: [{ id: "storagestora", name: "Storage", description: null, position: 2, ...stamp }],
    },
    null,
  );
}
