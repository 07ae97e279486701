import type { Telling } from "../../functions/core/audience.ts";
import { toldChanges } from "../../functions/core/component-change.ts";
import { NO_BRANDING } from "../../functions/core/page.ts";
import { type PlanWork, planningWorkSchema, readWork, sendWorkSchema } from "../../functions/core/queued-work.ts";
import { CHANNELS, type Channel, type Subscriber } from "../../functions/core/subscriber.ts";
import { unreachable } from "../../functions/core/unreachable.ts";
import { createLogger } from "../../functions/lambda/logger.ts";
import { planNotice } from "../../functions/plan-notifications/plan.ts";
import { handleWork } from "../../functions/send-chunk/handle-work.ts";
import { sharedPace, unpaced } from "../../functions/send-chunk/pace.ts";
import { emailSender } from "../../functions/send-email/email-sender.ts";
import { smsSender } from "../../functions/send-sms/sms-sender.ts";
import { webhookSender } from "../../functions/send-webhook/webhook-sender.ts";
import { TableBusyError } from "../../functions/store/busy.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { sweep } from "../../functions/sweep/sweep.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { memoryQueues, type QueueName } from "../fakes/queues.ts";
import type { Mutation, Ports, Step } from "./mutation.ts";
import { INCIDENT, simulatedOperator } from "./operator.ts";
import { simulatedProviders, textOf } from "./providers.ts";
import { COMPONENT, PAGE, sampleSubscriber } from "./samples.ts";
import type { Deed, Scenario, Stream } from "./scenario.ts";
import { createSchedule, type Invocation, TableFailure } from "./schedule.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-11-23T03:00:00.000Z");
/** Two a second makes windows of two, so that a chunk has several. */
const RATE = { perSecond: 2, leftToday: null };
/** If planned for this rate, chunks are of two recipients, so that a channel has several. */
const PLANNED_RATE = { perSecond: 0.2, leftToday: null, problem: null };
const INVOCATIONS_AT_ONCE = 6;
/** As in the stacks, for the stream: how often a record comes again whose invocation failed. */
const STREAM_TRIES = 3;
const STREAM_RETRY_MS = 1_000;
/** A record whose invocation died comes again when the invocation's time would have been over. */
const STREAM_GAP_MS = 61_000;
const LATE_STREAM_MS = 100_000;
/** As the stacks set it for chunks: then work is put aside, and sweep finds it in the tables. */
const TRIES = 5;
/** How long an API takes, a cold start included. */
const API_CALL_MS = 400;
/** Lambda asks again for what its own queue holds, or a stream, when it had no room. */
const NO_ROOM_MS = 1_000;
/** Longer than any recipient's schedule for mail (2.6 h) would take to fail. */
const MENDED_AFTER_MS = 4 * 60 * MINUTE;

interface StreamRecord {
  work: PlanWork;
  notBefore: number;
  tries: number;
}

type Doom = Extract<Deed, { do: "kill" | "freeze" }>;

/** The unmodified steps, side by side on one virtual clock, with sweep once a minute. A mutation breaks one of them. */
export function simulatedWorld(scenario: Scenario, mutation: Mutation | null = null) {
  const schedule = createSchedule(START, scenario.seed, scenario.faults);
  const { clock } = schedule;
  const random = (count: number) => Uint8Array.from({ length: count }, () => schedule.below(256));
  const ledger = memoryLedger();
  const status = memoryStatusStore({ putNotice: (notice) => ledger.putNotice(notice) });
  const subscribers = memorySubscriberStore();
  const access = memoryAccessStore({ random, pages: [PAGE] });
  const queues = memoryQueues(clock, ({ length }) => schedule.below(length));
  const providers = simulatedProviders(schedule, (id) => subscribers.find(PAGE, id), scenario.slow ?? null);
  const log = createLogger({}, { info() {}, warn() {}, error() {} });
  const operator = simulatedOperator(status, clock, wake);
  const everyone: Subscriber[] = [];
  let streamed: StreamRecord[] = [];
  let dooms: Doom[] = [];
  let nextSweep = START + 20_000;
  let mendedAt: number | null = null;
  const { account } = scenario;
  const serving = new Map<Invocation, QueueName>();
  const api = { answered: 0, refused: 0, mostAtOnce: 0 };
  let nextApiCall = account === undefined ? Number.POSITIVE_INFINITY : START;
  const hasRoom = () => account === undefined || schedule.live().length < account.concurrency;

  /** DynamoDB's limit counts the items that it looked at: pages are short, and may be empty. */
  const shortPages: SubscriberStore = {
    ...subscribers,
    listRange: (pageId, channel, range, after, limit) =>
      subscribers.listRange(pageId, channel, range, after, Math.min(limit, 3)),
  };

  function portsFor(step: Step, body: string | null, invocation: Invocation): Ports {
    const ports: Ports = {
      status: schedule.guard(status, invocation),
      subscribers: schedule.guard(shortPages, invocation),
      ledger: schedule.guard(ledger, invocation),
      access: schedule.guard(access, invocation),
      queues: schedule.guard(queues.ports, invocation),
      ...providers.portsFor(invocation),
    };
    return mutation === null ? ports : { ...ports, ...mutation(ports, step, body) };
  }

  function plan(work: PlanWork, invocation: Invocation) {
    const ports = portsFor("plan", null, invocation);
    return planNotice(work, {
      ...ports,
      access:
        scenario.manyChunks || clock() > START + (scenario.growsAfterMs ?? Number.POSITIVE_INFINITY)
          ? { getRate: async () => PLANNED_RATE }
          : ports.access,
      topic: { publish: () => schedule.call(invocation, "publish", async () => ({ outcome: "published" as const })) },
      render: async ({ update }) => {
        const rendering = { parts: [textOf(update.seq)], slots: [] };
        return {
          texts: [
            { format: "email", locale: "en", rendering },
            { format: "sms", locale: "en", rendering },
            { format: "webhook", locale: null, rendering },
          ],
          topic: "{}",
        };
      },
      renderChange: ({ notice }) => {
        const rendering = { parts: [textOf(notice.seq)], slots: [] };
        return { texts: [{ format: "webhook", locale: null, rendering }], topic: "{}" };
      },
      clock,
    });
  }

  async function send(channel: Channel, body: string, invocation: Invocation): Promise<void> {
    const ports = portsFor(body.includes('"kind":"retry"') ? "retry" : "chunk", body, invocation);
    const sleep = schedule.sleep(invocation);
    const pace =
      channel === "webhook"
        ? unpaced(clock, sleep)
        : sharedPace({ use: "updates", access: ports.access, schedule: channel, clock, sleep, log });
    const senders = {
      email: () => emailSender({ ...ports, from: "status@example.com" }),
      sms: () => smsSender({ ...ports, clock }),
      webhook: () => webhookSender({ ...ports, quarantines: ports.queues, clock }),
    };
    const deps = { ...ports, sender: senders[channel](), pace, clock, jitter: schedule.uniform };
    await handleWork(readWork(sendWorkSchema, body), deps, log);
  }

  async function runQueued(queue: QueueName, body: string, invocation: Invocation): Promise<void> {
    switch (queue) {
      case "plan": {
        const work = readWork(planningWorkSchema, body);
        if (work.kind === undefined) await plan(work, invocation);
        return;
      }
      case "publish":
      case "letters":
      case "smsLetters":
      case "probes":
        return;
      case "webhookRetry":
        return send("webhook", body, invocation);
      case "email":
      case "sms":
      case "webhook":
        return send(queue, body, invocation);
      default:
        return unreachable(queue);
    }
  }

  /** API Gateway asks Lambda once: without room the caller has an error. */
  function callApi(interval: number): void {
    nextApiCall += interval;
    api.mostAtOnce = Math.max(api.mostAtOnce, schedule.live().length);
    if (!hasRoom()) {
      api.refused += 1;
      return;
    }
    api.answered += 1;
    schedule.start(
      (invocation) => schedule.sleep(invocation)(API_CALL_MS),
      () => {},
    );
  }

  function startSweep(): void {
    if (!hasRoom()) {
      nextSweep = clock() + NO_ROOM_MS;
      return;
    }
    nextSweep = clock() + MINUTE;
    schedule.start(
      async (invocation) => {
        const ports = portsFor("sweep", null, invocation);
        const { failures } = await sweep({ ...ports, mail: { quota: async () => RATE }, pageBuild: "one", clock });
        for (const { error } of failures)
          if (!(error instanceof TableFailure || error instanceof TableBusyError)) throw error;
      },
      () => {},
    );
  }

  function startStreamed(): boolean {
    const record = streamed.find(({ notBefore }) => notBefore <= clock());
    if (record === undefined) return false;
    if (!hasRoom()) {
      record.notBefore = clock() + NO_ROOM_MS;
      return false;
    }
    record.tries += 1;
    record.notBefore = clock() + STREAM_GAP_MS;
    const drop = () => {
      streamed = streamed.filter((other) => other !== record);
    };
    if (record.tries >= STREAM_TRIES) drop();
    schedule.start(
      async (invocation) => void (await plan(record.work, invocation)),
      (done) => {
        if (done) drop();
        record.notBefore = clock() + STREAM_RETRY_MS;
      },
    );
    return true;
  }

  /** Starts waiting work: first the stream's records, then the queues'. */
  function startOne(): boolean {
    if (startStreamed()) return true;
    const runningOf = (queue: QueueName) =>
      schedule.live().filter((invocation) => serving.get(invocation) === queue).length;
    const received = queues.receive((queue) => account === undefined || runningOf(queue) < account.atMost[queue]);
    if (received === null) return false;
    const { queue, body } = received;
    // A receive that meets the account's limit counts like any other: the queue knows nothing of Lambda.
    const isLast = account !== undefined && received.received >= TRIES;
    if (!hasRoom()) {
      received.settle(isLast);
      return true;
    }
    const started = schedule.start(
      (invocation) => runQueued(queue, body, invocation),
      (done) => received.settle(done || isLast),
    );
    serving.set(started, queue);
    return true;
  }

  const nextStreamed = () => Math.min(...streamed.map(({ notBefore }) => notBefore).filter((at) => at > clock()));

  function strikeDoomed(): void {
    for (const doom of dooms) doom.calls -= 1;
    const due = dooms.find(({ calls }) => calls <= 0);
    const live = schedule.live();
    const victim = live[(due?.who ?? 0) % Math.max(1, live.length)];
    if (due === undefined || victim === undefined) return;
    if (due.do === "kill") schedule.kill(victim);
    else schedule.freeze(victim, due.milliseconds);
    dooms = dooms.filter((other) => other !== due);
  }

  const isQuiet = () =>
    schedule.live().length === 0 &&
    queues.size() === 0 &&
    streamed.length === 0 &&
    ledger.allNotices().every(({ state }) => state === "done") &&
    ledger.allDeliveries().every(({ state }) => state !== "sending" && state !== "retrying");

  /** Runs until `until`, or until nothing is left to do. */
  async function run(until: number, mayRest: boolean): Promise<void> {
    while (clock() < until) {
      if (clock() >= nextSweep) startSweep();
      if (account !== undefined && clock() >= nextApiCall) callApi(account.apiEveryMs);
      const crowded = account === undefined && schedule.live().length >= INVOCATIONS_AT_ONCE;
      if (!crowded && (schedule.live().length === 0 || schedule.uniform() < 0.2) && startOne()) continue;
      if (await schedule.step()) {
        strikeDoomed();
        continue;
      }
      if (!crowded && startOne()) continue;
      if (mayRest && isQuiet()) return;
      // Everything in flight sleeps: until it wakes, something becomes visible, or its time is over.
      const next = Math.min(schedule.nextWake(), schedule.nextTimeout(), queues.nextVisible(), nextStreamed());
      schedule.advanceTo(Math.min(until, nextSweep, nextApiCall, Math.max(next, clock() + 1)));
    }
  }

  function wake(updateId: string, stream: Stream): void {
    if (stream === "lost") return;
    const work = { pageId: PAGE, updateId };
    const notBefore = clock() + (stream === "late" ? LATE_STREAM_MS : 0);
    streamed.push({ work, notBefore, tries: 0 });
    if (stream === "twice") streamed.push({ work, notBefore, tries: 0 });
  }

  async function perform(deed: Deed): Promise<void> {
    switch (deed.do) {
      case "post":
        if (scenario.about === "component") return operator.changeComponent(deed.stream);
        return operator.post(deed.status, deed.deliver, deed.stream);
      case "withdraw":
        return operator.withdrawAll();
      case "join":
        return join(deed.channel);
      case "unsubscribe":
      case "quarantine": {
        const subscriber = everyone[deed.who % everyone.length];
        if (subscriber === undefined) return;
        const to = deed.do === "unsubscribe" ? "unsubscribed" : "quarantined";
        await subscribers.changeState(PAGE, subscriber.channel, subscriber.id, { from: ["active"], to }, clock());
        return;
      }
      case "lose":
        return queues.lose(deed.queue);
      case "redeliver":
        return queues.redeliver();
      case "duplicate":
        return queues.duplicate(deed.count);
      case "break":
        return providers.breakSending(deed.channel);
      case "mend":
        mendedAt ??= clock();
        return providers.mendSending(deed.channel);
      case "fail":
        return schedule.failAfter(deed.method, deed.calls);
      case "busy":
        return schedule.busyAfter(deed.method, deed.calls, deed.times);
      case "die":
        return schedule.strikeAt(deed.method, deed.calls, "before");
      case "stall":
        return schedule.strikeAt(deed.method, deed.calls, "freeze");
      case "kill":
      case "freeze":
        dooms.push({ ...deed });
        return;
      default:
        return unreachable(deed);
    }
  }

  async function join(channel: Channel): Promise<void> {
    const subscriber = sampleSubscriber(channel, everyone.length, clock());
    providers.subscribe(subscriber, scenario.answers[everyone.length] ?? []);
    everyone.push(subscriber);
    await subscribers.create(subscriber);
  }

  async function start(): Promise<void> {
    const settings = {
      id: PAGE,
      name: "Example",
      locale: "en" as const,
      branding: NO_BRANDING,
      timeZone: "UTC",
      version: 1,
      createdAt: START,
      updatedAt: START,
    };
    await status.createPage(settings);
    if (scenario.about === "component") {
      await status.saveCatalog(PAGE, { version: 0, components: [COMPONENT], groups: [] }, null);
    }
    await access.saveRate("email", RATE, START);
    await access.saveRate("sms", RATE, START);
    for (const channel of CHANNELS) {
      for (let count = 0; count < scenario.audience[channel]; count += 1) {
        await join(channel);
      }
    }
  }

  return {
    ledger,
    status,
    subscribers,
    requests: providers.requests,
    everyone,
    clock,
    schedule,
    scenario,
    /** What became of the calls of the APIs. */
    api,
    /** When something was first mended. */
    mendedAt: () => mendedAt,
    /** Whether an invocation died, stood still or met a table that failed. */
    isDisturbed:
      scenario.faults !== undefined ||
      scenario.deeds.some((deed) => !["post", "join", "break", "mend"].includes(deed.do)),
    /** Everything that was posted, oldest first. */
    async tellings(): Promise<Telling[]> {
      if (scenario.about === "component") return toldChanges(await status.listChanges(PAGE, 0), COMPONENT.id);
      return status.listUpdates(PAGE, INCIDENT);
    },
    async isWithdrawn(): Promise<boolean> {
      if (scenario.about === "component") return (await status.getCatalog(PAGE)).components.length === 0;
      return ((await status.getIncident(PAGE, INCIDENT))?.withdrawnAt ?? null) !== null;
    },
    /** Plays the whole scenario, and then as much time as retries may take. */
    async play(restMinutes: number): Promise<{ quiet: boolean }> {
      await start();
      for (const deed of scenario.deeds) {
        await run(clock() + deed.after, false);
        await perform(deed);
      }
      // Faults stop: a problem of ours is mended at some time.
      if (scenario.deeds.some((deed) => deed.do === "break")) await run(clock() + MENDED_AFTER_MS, false);
      await perform({ after: 0, do: "mend", channel: null });
      await run(clock() + restMinutes * MINUTE, true);
      return { quiet: isQuiet() };
    },
  };
}

export type SimulatedWorld = ReturnType<typeof simulatedWorld>;
