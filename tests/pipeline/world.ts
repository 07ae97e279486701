import { renderChange } from "../../functions/compose/render-change.ts";
import { renderUpdate } from "../../functions/compose/render-update.ts";
import type { ChangeSource, RenderSource } from "../../functions/compose/sources.ts";
import type { Catalog, ComponentStatus, ComponentStatuses } from "../../functions/core/component.ts";
import { changeStatus } from "../../functions/core/component-change.ts";
import { newId } from "../../functions/core/ids.ts";
import type { Incident, UpdateStatus } from "../../functions/core/incident.ts";
import { NO_BRANDING } from "../../functions/core/page.ts";
import { openIncident, postUpdate } from "../../functions/core/posting.ts";
import {
  emailWorkSchema,
  planningWorkSchema,
  readWork,
  smsWorkSchema,
  webhookWorkSchema,
} from "../../functions/core/queued-work.ts";
import type { Channel, Subscriber, WebhookFormat } from "../../functions/core/subscriber.ts";
import { unreachable } from "../../functions/core/unreachable.ts";
import { boundedLog } from "../../functions/lambda/bounded-log.ts";
import { createLogger } from "../../functions/lambda/logger.ts";
import { handlePlanning } from "../../functions/plan-notifications/handle-planning.ts";
import { planNotice } from "../../functions/plan-notifications/plan.ts";
import type { QuarantineSource } from "../../functions/plan-notifications/quarantine-mail.ts";
import type { SendDeps } from "../../functions/send-chunk/channel-sender.ts";
import { sharedPace, unpaced } from "../../functions/send-chunk/pace.ts";
import { readSendWork } from "../../functions/send-chunk/read-send-work.ts";
import { emailSender } from "../../functions/send-email/email-sender.ts";
import { handleEmailWork } from "../../functions/send-email/handle-email-work.ts";
import { handleSmsWork } from "../../functions/send-sms/handle-sms-work.ts";
import { smsSender } from "../../functions/send-sms/sms-sender.ts";
import { handleWebhookWork } from "../../functions/send-webhook/handle-webhook-work.ts";
import { webhookSender } from "../../functions/send-webhook/webhook-sender.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { sweep } from "../../functions/sweep/sweep.ts";
import { renderQuarantineMail } from "../../functions/templates/email/quarantine-email.tsx";
import { Crash, crashSite } from "../fakes/crash.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { outside } from "../fakes/outside.ts";
import { type Choose, memoryQueues, type QueueName } from "../fakes/queues.ts";
import { type Changes, PAGE, sampleSubscriber } from "./samples.ts";

const MINUTE = 60_000;
const MAIL_RATE = 500;

/** Our own table refused a call, for now: the invocation fails, but it lives. */
class Refused extends Error {
  override name = "Refused";
}

/**
 * The whole pipeline in one process: the unmodified steps on fakes and a virtual clock. Sleeping advances the clock.
 * `settle()` lets everything queued run; `pass()` lets minutes go by with their sweeps.
 */
export function createWorld({ choose }: { choose?: Choose } = {}) {
  let now = Date.parse("2026-11-23T03:00:00.000Z");
  let seed = 1;
  const clock = () => now;
  let whenAsleep: (() => Promise<unknown>) | null = null;
  const sleep = async (milliseconds: number) => {
    now += Math.max(0, milliseconds);
    const meanwhile = whenAsleep;
    whenAsleep = null;
    await meanwhile?.();
  };
  // A small linear congruential generator: the same world every run.
  const random = (count: number) =>
    Uint8Array.from({ length: count }, () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return (seed >> 16) & 255;
    });

  const site = crashSite();
  let dead = false;
  /** After a crash nothing of the invocation happens any more, not even what ran beside the call that crashed. */
  const crash = {
    ...site,
    guard<T extends object>(port: T): T {
      return new Proxy(site.guard(port), {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== "function") return member;
          return async (...parameters: unknown[]) => {
            if (dead) throw new Crash(`${String(name)} after death`);
            try {
              return await Reflect.apply(member, target, parameters);
            } catch (error) {
              dead ||= error instanceof Crash;
              throw error;
            }
          };
        },
      });
    },
  };
  const memory = memoryLedger();
  const ledger = crash.guard(memory);
  const statusMemory = memoryStatusStore({ putNotice: (notice) => memory.putNotice(notice) });
  const subscribersMemory = memorySubscriberStore();
  let refusals = 0;
  const subscribers: SubscriberStore = {
    ...subscribersMemory,
    async changeState(...parameters) {
      refusals -= 1;
      if (refusals === 0) throw new Refused("changeState");
      return subscribersMemory.changeState(...parameters);
    },
  };
  const access = memoryAccessStore({ random, pages: [PAGE] });
  const queues = memoryQueues(clock, choose);
  const ports = crash.guard(queues.ports);
  const world = outside();
  const mail = crash.guard(world.mail);
  const status = statusMemory;
  const lines: string[] = [];
  const keep = (line: string) => void lines.push(line);
  const log = createLogger({}, { info: keep, warn: keep, error: keep });
  const bounded = boundedLog();

  const woken: { pageId: string; updateId: string }[] = [];
  let streamWorks = true;
  const shared = { status, subscribers, ledger, queues: ports, clock, jitter: () => 0.5 };
  const senders: Record<Channel, SendDeps> = {
    email: {
      ...shared,
      sender: emailSender({ ledger, access, mail, from: "status@example.com" }),
      pace: sharedPace({ use: "updates", access, schedule: "email", clock, sleep, log }),
    },
    sms: {
      ...shared,
      sender: smsSender({ ledger, subscribers, sms: crash.guard(world.sms), clock }),
      pace: sharedPace({ use: "updates", access, schedule: "sms", clock, sleep, log }),
    },
    webhook: {
      ...shared,
      sender: webhookSender({
        ledger,
        access,
        subscribers,
        https: crash.guard(world.https),
        quarantines: ports,
        clock,
      }),
      pace: unpaced(clock, sleep),
    },
  };
  const publicSite = {
    pageUrl: "https://status.example",
    subscriptionsUrl: "https://subs.example",
    mailFrom: "status@example.com",
  };
  const planDeps = {
    status,
    subscribers,
    ledger,
    access,
    queues: ports,
    topic: crash.guard(world.topic),
    render: (source: RenderSource) => renderUpdate(source, publicSite),
    renderChange: (source: ChangeSource) => renderChange(source, publicSite),
    letters: ports,
    quarantines: ports,
    renderQuarantine: (source: QuarantineSource) => renderQuarantineMail({ ...source, ...publicSite }),
    random,
    clock,
    log,
  };

  const runQueued = async (queue: QueueName, body: string): Promise<void> => {
    switch (queue) {
      case "plan":
        return handlePlanning(readWork(planningWorkSchema, body), planDeps);
      case "publish":
        return;
      case "email":
      case "letters": {
        const pace = sharedPace({ use: "letters", access, schedule: "email", clock, sleep, log });
        const letters = { subscribers, access, bounded, mail, letters: ports, clock, pace };
        return handleEmailWork(await readSendWork(emailWorkSchema, body, { ledger }), senders.email, letters, log);
      }
      case "sms":
      case "smsLetters": {
        const { sms } = world;
        const letters = { subscribers, access, bounded, sms, smsLetters: ports, clock, pace: senders.sms.pace };
        return handleSmsWork(await readSendWork(smsWorkSchema, body, { ledger }), senders.sms, letters, log);
      }
      case "webhook":
      case "webhookRetry":
      case "probes": {
        const https = crash.guard(world.https);
        const probes = { subscribers, ledger, access, https, probes: ports, letters: ports, clock };
        return handleWebhookWork(await readSendWork(webhookWorkSchema, body, { ledger }), senders.webhook, probes, log);
      }
      default:
        return unreachable(queue);
    }
  };
  /** An invocation that crashes leaves its entry in the queue; other errors are the test's. */
  const invoke = async (run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      if (error instanceof Crash || error instanceof Refused) return false;
      throw error;
    } finally {
      dead = false;
    }
  };
  const settleStreamOnly = async () => {
    for (let wake = woken.shift(); wake !== undefined; wake = woken.shift()) {
      const work = wake;
      // The stream repeats a record whose invocation died.
      if (!(await invoke(async () => void (await planNotice(work, planDeps))))) woken.unshift(work);
    }
  };
  const settle = async () => {
    await settleStreamOnly();
    for (;;) {
      const received = queues.receive();
      if (received === null) return;
      now += 1;
      received.settle(await invoke(() => runQueued(received.queue, received.body)));
    }
  };
  const pass = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      now += MINUTE;
      const { failures } = await sweep({
        status,
        ledger,
        access,
        subscribers,
        mail: { quota: async () => ({ perSecond: MAIL_RATE, leftToday: null }) },
        queues: ports,
        pageBuild: "one",
        clock,
      });
      for (const { error } of failures) throw error;
      await settle();
    }
  };

  const id = () => newId(random);
  const subscribe = async (
    channel: Channel,
    changes: Changes = {},
    contactEmail: string | null = null,
    format: WebhookFormat = "statuspage",
  ) => {
    const unique = { id: id(), phone: `+49151${String(seed).padStart(10, "0").slice(0, 8)}` };
    const subscriber = sampleSubscriber(channel, unique, now, { changes, contactEmail, format });
    await subscribers.create(subscriber);
    return subscriber;
  };
  const commit = async (outcome: ReturnType<typeof openIncident>) => {
    if (outcome.outcome !== "ready") throw new Error(outcome.outcome);
    const committed = await status.commitIncident(outcome.commit);
    if (committed.outcome !== "committed") throw new Error(committed.outcome);
    const { update } = outcome.commit;
    if (update === null) throw new Error("no update");
    if (streamWorks) woken.push({ pageId: PAGE, updateId: update.id });
    return { incident: outcome.commit.incident, update };
  };
  const input = (state: UpdateStatus, components: ComponentStatuses) => ({
    updateId: id(),
    status: state,
    body: `We are ${state}.`,
    components,
    deliverNotifications: true,
    displayAt: null,
  });

  return {
    clock,
    crash,
    ledger: memory,
    status,
    subscribers,
    access,
    queues,
    planDeps,
    outside: world,
    /** All that was logged. */
    lines,
    settle,
    settleStreamOnly,
    pass,
    subscribe,
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
    /** Once, while somebody sleeps. */
    meanwhile: (deed: () => Promise<unknown>) => {
      whenAsleep = deed;
    },
    /** The next change of a subscriber's state fails. */
    refuseChangeState: () => {
      refusals = 1;
    },
    loseStream: (lost: boolean) => {
      streamWorks = !lost;
    },
    async start(catalog?: Omit<Catalog, "version">) {
      await status.createPage({
        id: PAGE,
        name: "Example",
        locale: "en",
        branding: NO_BRANDING,
        timeZone: "Europe/Berlin",
        version: 1,
        createdAt: now,
        updatedAt: now,
      });
      if (catalog !== undefined) await status.saveCatalog(PAGE, { version: 0, ...catalog }, null);
      await access.saveRate("email", { perSecond: MAIL_RATE, leftToday: null }, now);
    },
    async open(components: ComponentStatuses = {}) {
      const catalog = await status.getCatalog(PAGE);
      const incident = {
        pageId: PAGE,
        incidentId: id(),
        name: "Outage",
        impactOverride: null,
        schedule: null,
        backfilled: false,
        metadata: {},
      };
      return commit(
        openIncident({ ...input("investigating", components), ...incident, status: "investigating" }, catalog, now),
      );
    },
    async post(incidentId: string, state: UpdateStatus, components: ComponentStatuses = {}) {
      const [incident, catalog]: [Incident | null, Catalog] = await Promise.all([
        status.getIncident(PAGE, incidentId),
        status.getCatalog(PAGE),
      ]);
      if (incident === null) throw new Error("no incident");
      return commit(postUpdate(incident, input(state, components), catalog, now));
    },
    /** Without an incident; the id that the change is told under. */
    async changeComponent(componentId: string, state: ComponentStatus): Promise<string> {
      const catalog = await status.getCatalog(PAGE);
      const noticeId = id();
      const changed = changeStatus(catalog, { pageId: PAGE, componentId, status: state, noticeId }, now);
      await status.saveCatalog(PAGE, changed.catalog, changed.change);
      if (streamWorks) woken.push({ pageId: PAGE, updateId: noticeId });
      return noticeId;
    },
    async removeComponent(componentId: string) {
      const catalog = await status.getCatalog(PAGE);
      const components = catalog.components.filter((component) => component.id !== componentId);
      await status.saveCatalog(PAGE, { ...catalog, components }, null);
    },
    /** What reached an address, oldest first: the update each time, by its status. */
    told: (to: string) => world.reached.filter((reached) => reached.to === to),
    addressOf: (subscriber: Subscriber) =>
      subscriber.channel === "email"
        ? subscriber.email
        : subscriber.channel === "sms"
          ? subscriber.phone
          : subscriber.endpoint,
  };
}

export type World = ReturnType<typeof createWorld>;
