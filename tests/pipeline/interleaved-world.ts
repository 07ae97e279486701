import type { AttemptOutcome } from "../../functions/core/attempt.ts";
import type { Catalog } from "../../functions/core/component.ts";
import type { Incident, Update, UpdateStatus } from "../../functions/core/incident.ts";
import { openIncident, postUpdate, withdraw } from "../../functions/core/posting.ts";
import type { PlanWork } from "../../functions/core/queued-work.ts";
import type { Rendering } from "../../functions/core/rendering.ts";
import { CHANNELS, type Channel, type Subscriber } from "../../functions/core/subscriber.ts";
import { createLogger } from "../../functions/lambda/logger.ts";
import { planNotice } from "../../functions/plan-notifications/plan.ts";
import { planWorkOf } from "../../functions/plan-notifications/wake.ts";
import type { ChannelSender } from "../../functions/send-chunk/channel-sender.ts";
import { handleWork } from "../../functions/send-chunk/handle-work.ts";
import { sharedPace, unpaced } from "../../functions/send-chunk/pace.ts";
import { storedText } from "../../functions/send-chunk/stored-text.ts";
import type { SubscriberStore } from "../../functions/store/subscribers.ts";
import { sweep } from "../../functions/sweep/sweep.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { memoryQueues, type QueueName } from "../fakes/queues.ts";
import { type Invocation, interleaving } from "./interleaving.ts";

export const PAGE = "page00000000";
export const INCIDENT = "incident0000";
const MINUTE = 60_000;
const START = Date.parse("2026-11-23T03:00:00.000Z");
/** Two a second makes windows of two, so that a chunk has several. */
const RATE = { perSecond: 2, leftToday: null };
/** With this rate planned for, chunks are of two recipients, so that a channel has several. */
const PLANNED_RATE = { perSecond: 0.2, leftToday: null };
const SLOWEST_ANSWER_MS = 15_000;
const INVOCATIONS_AT_ONCE = 6;

/** What an address answers. `taken, no reply`: it has it, and we never hear of it. */
export type Answer = AttemptOutcome | "taken, no reply";

/** One request to a provider, as the outside sees it. */
export interface Request {
  subscriberId: string;
  channel: Channel;
  seq: number;
  at: number;
  taken: boolean;
  /** Whether an answer ever came back that says what became of it. */
  answered: boolean;
  ended: boolean;
  invocation: Invocation;
  /** Another update that was in flight to the same subscriber at that moment; null: none was. */
  beside: number | null;
  /** The subscriber as the table had it at that moment. */
  subscriber: Subscriber | null;
}

/** What a scenario does, some time after what it did before. */
export type Deed = { after: number } & (
  | { do: "post"; status: UpdateStatus; deliver: boolean; streamLost: boolean }
  | { do: "withdraw" }
  | { do: "unsubscribe"; who: number }
  | { do: "quarantine"; who: number }
  | { do: "lose queues" }
  /** One call fails, after so many of this method (null: of any). */
  | { do: "fail"; method: string | null; calls: number }
  /** Whoever makes this call, after so many of its kind, dies before it. */
  | { do: "die"; method: string; calls: number }
  /** So many port calls later, whoever is at work then. */
  | { do: "kill"; who: number; calls: number }
);

export interface Scenario {
  seed: number;
  audience: Record<Channel, number>;
  manyChunks: boolean;
  /** The first answers of each subscriber's address, by number; after them all is accepted. */
  answers: readonly (readonly Answer[])[];
  deeds: readonly Deed[];
}

/** The unmodified steps, side by side on one virtual clock, with sweep once a minute. */
export function interleavedWorld(scenario: Scenario) {
  const turns = interleaving(START, scenario.seed);
  const { clock } = turns;
  const random = (count: number) => Uint8Array.from({ length: count }, () => turns.below(256));
  const ledger = memoryLedger();
  const status = memoryStatusStore({ putNotice: (notice) => ledger.putNotice(notice) });
  const subscribers = memorySubscriberStore();
  const access = memoryAccessStore({ random });
  const queues = memoryQueues(clock);
  const log = createLogger({}, { info() {}, warn() {}, error() {} });
  const requests: Request[] = [];
  const everyone: Subscriber[] = [];
  const answers = new Map<string, Answer[]>();
  const streamed: PlanWork[] = [];
  let dooms: { who: number; calls: number }[] = [];
  let nextSweep = START + 20_000;

  /** DynamoDB's limit counts the items it looked at: pages are short, and may be empty. */
  const shortPages: SubscriberStore = {
    ...subscribers,
    listRange: (pageId, channel, range, after, limit) =>
      subscribers.listRange(pageId, channel, range, after, Math.min(limit, 3)),
  };

  async function request(
    subscriber: Subscriber,
    update: Pick<Update, "seq">,
    invocation: Invocation,
  ): Promise<AttemptOutcome> {
    await turns.turn(invocation);
    const answer = answers.get(subscriber.id)?.shift() ?? { outcome: "accepted", providerId: null };
    const taken = answer === "taken, no reply" || answer.outcome === "accepted";
    const record: Request = {
      subscriberId: subscriber.id,
      channel: subscriber.channel,
      seq: update.seq,
      at: clock(),
      taken,
      answered: false,
      ended: false,
      invocation,
      beside:
        requests.find(
          (other) =>
            other.subscriberId === subscriber.id && other.seq !== update.seq && !other.ended && !other.invocation.died,
        )?.seq ?? null,
      subscriber: await subscribers.get(PAGE, subscriber.channel, subscriber.id),
    };
    requests.push(record);
    // Most answers come at once, some as late as a provider may take.
    await turns.sleep(invocation)(turns.uniform() < 0.6 ? 50 : turns.below(SLOWEST_ANSWER_MS));
    record.ended = true;
    if (answer === "taken, no reply") return { outcome: "unknown", reason: "timeout" };
    record.answered = answer.outcome !== "unknown";
    return answer;
  }

  function senderFor(channel: Channel, invocation: Invocation): ChannelSender {
    const { getRendering } = ledger;
    const { changeState } = subscribers;
    const stored = turns.guard({ getRendering, changeState }, invocation);
    return {
      channel,
      async prepare(update) {
        await storedText(update, channel, stored);
        return (subscriber) => request(subscriber, update, invocation);
      },
      async afterOutcome({ id }, outcome) {
        if (outcome.outcome === "gone") {
          await stored.changeState(PAGE, channel, id, ["active"], "unsubscribed", clock());
        }
      },
    };
  }

  function depsFor(invocation: Invocation) {
    return {
      status: turns.guard(status, invocation),
      subscribers: turns.guard(shortPages, invocation),
      ledger: turns.guard(ledger, invocation),
      access: turns.guard(access, invocation),
      queues: turns.guard(queues.ports, invocation),
      clock,
    };
  }

  function plan(work: PlanWork, invocation: Invocation) {
    const text: Rendering = { parts: ["text"], slots: [] };
    const deps = depsFor(invocation);
    return planNotice(work, {
      ...deps,
      access: scenario.manyChunks ? { getRate: async () => PLANNED_RATE } : deps.access,
      topic: { publish: () => turns.turn(invocation) },
      render: async () => ({ email: text, sms: text, webhook: text, topic: "{}" }),
    });
  }

  async function runQueued(queue: QueueName, body: string, invocation: Invocation): Promise<void> {
    if (queue === "plan") return void (await plan(planWorkOf(body), invocation));
    if (queue === "publish" || queue === "confirmation") return;
    const channel = queue === "webhookRetry" ? "webhook" : queue;
    const { access: guarded, ...deps } = depsFor(invocation);
    const sleep = turns.sleep(invocation);
    const pace =
      channel === "webhook" ? unpaced(clock, sleep) : sharedPace({ access: guarded, schedule: channel, clock, sleep });
    const sender = senderFor(channel, invocation);
    await handleWork(body, { ...deps, sender, pace, jitter: turns.uniform }, log);
  }

  function startSweep(): void {
    nextSweep = clock() + MINUTE;
    turns.start(
      async (invocation) => {
        const { failures } = await sweep({ ...depsFor(invocation), mail: { quota: async () => RATE } });
        for (const { error } of failures) throw error;
      },
      () => {},
    );
  }

  /** Starts what waits: the stream's records, then the queues'. */
  function startOne(): boolean {
    const record = streamed.shift();
    if (record !== undefined) {
      turns.start(
        async (invocation) => void (await plan(record, invocation)),
        () => {},
      );
      return true;
    }
    const received = queues.receive();
    if (received === null) return false;
    turns.start((invocation) => runQueued(received.queue, received.body, invocation), received.settle);
    return true;
  }

  function killDoomed(): void {
    for (const doom of dooms) doom.calls -= 1;
    const due = dooms.find(({ calls }) => calls <= 0);
    const live = turns.live();
    const victim = live[(due?.who ?? 0) % Math.max(1, live.length)];
    if (due === undefined || victim === undefined) return;
    turns.kill(victim);
    dooms = dooms.filter((other) => other !== due);
  }

  const isQuiet = () =>
    turns.live().length === 0 &&
    queues.size() === 0 &&
    streamed.length === 0 &&
    ledger.allNotices().every(({ state }) => state === "done") &&
    ledger.allDeliveries().every(({ state }) => state !== "sending" && state !== "retrying");

  /** Runs until `until`, or until nothing is left to do. */
  async function run(until: number, mayRest: boolean): Promise<void> {
    while (clock() < until) {
      if (clock() >= nextSweep) startSweep();
      const crowded = turns.live().length >= INVOCATIONS_AT_ONCE;
      if (!crowded && (turns.live().length === 0 || turns.uniform() < 0.2) && startOne()) continue;
      if (await turns.step()) {
        killDoomed();
        continue;
      }
      if (!crowded && startOne()) continue;
      if (mayRest && isQuiet()) return;
      // Whoever is in flight sleeps: until they wake, or something becomes visible, within a second.
      turns.advanceTo(Math.min(until, nextSweep, Math.max(turns.nextWake(), clock() + 1), clock() + 1_000));
    }
  }

  async function commit(made: ReturnType<typeof openIncident>, streamLost: boolean): Promise<void> {
    if (made.outcome !== "ready") throw new Error(made.outcome);
    const committed = await status.commitIncident(made.commit);
    if (committed.outcome !== "committed") throw new Error(committed.outcome);
    const { notice } = made.commit;
    if (notice !== null && !streamLost) streamed.push({ pageId: PAGE, updateId: notice.updateId });
  }

  async function post(state: UpdateStatus, deliver: boolean, streamLost: boolean): Promise<void> {
    const catalog: Catalog = await status.getCatalog(PAGE);
    const incident: Incident | null = await status.getIncident(PAGE, INCIDENT);
    const updateId = `update${String((incident?.seq ?? 0) + 1).padStart(6, "0")}`;
    const input = { updateId, body: state, components: {}, deliverNotifications: deliver, displayAt: null };
    if (incident !== null) {
      if (incident.withdrawnAt !== null) return;
      return commit(postUpdate(incident, { ...input, status: state }, catalog, clock()), streamLost);
    }
    const opened = { pageId: PAGE, incidentId: INCIDENT, name: "Outage", impactOverride: null, schedule: null };
    await commit(
      openIncident({ ...input, ...opened, status: "investigating", backfilled: false, metadata: {} }, catalog, clock()),
      streamLost,
    );
  }

  async function perform(deed: Deed): Promise<void> {
    switch (deed.do) {
      case "post":
        return post(deed.status, deed.deliver, deed.streamLost);
      case "withdraw": {
        const incident = await status.getIncident(PAGE, INCIDENT);
        if (incident !== null && incident.withdrawnAt === null)
          await status.commitIncident(withdraw(incident, clock()));
        return;
      }
      case "unsubscribe":
      case "quarantine": {
        const subscriber = everyone[deed.who % everyone.length];
        if (subscriber === undefined) return;
        const to = deed.do === "unsubscribe" ? "unsubscribed" : "quarantined";
        await subscribers.changeState(PAGE, subscriber.channel, subscriber.id, ["active"], to, clock());
        return;
      }
      case "lose queues":
        return queues.lose();
      case "fail":
        return turns.failAfter(deed.method, deed.calls);
      case "die":
        return turns.dieAt(deed.method, deed.calls);
      case "kill":
        dooms.push({ who: deed.who, calls: deed.calls });
    }
  }

  async function start(): Promise<void> {
    const settings = { id: PAGE, name: "Example", timeZone: "UTC", version: 1, createdAt: START, updatedAt: START };
    await status.createPage(settings);
    await access.saveRate("email", RATE, START);
    await access.saveRate("sms", RATE, START);
    for (const channel of CHANNELS) {
      for (let count = 0; count < scenario.audience[channel]; count += 1) {
        const subscriber = sampleSubscriber(channel, everyone.length);
        answers.set(subscriber.id, [...(scenario.answers[everyone.length] ?? [])]);
        everyone.push(subscriber);
        await subscribers.create(subscriber);
      }
    }
  }

  return {
    ledger,
    status,
    subscribers,
    requests,
    everyone,
    clock,
    turns,
    /** The whole scenario, and then as much time as retries may take. */
    async play(restMinutes: number): Promise<{ quiet: boolean }> {
      await start();
      for (const deed of scenario.deeds) {
        await run(clock() + deed.after, false);
        await perform(deed);
      }
      await run(clock() + restMinutes * MINUTE, true);
      return { quiet: isQuiet() };
    },
  };
}

function sampleSubscriber(channel: Channel, number: number): Subscriber {
  const id = `subscriber${String(number).padStart(2, "0")}`;
  const common = {
    pageId: PAGE,
    id,
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    locale: "en" as const,
    createdAt: START,
    updatedAt: START,
    confirmedAt: START,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
  switch (channel) {
    case "email":
      return { ...common, channel, email: `${id}@subscriber.example` };
    case "sms":
      return { ...common, channel, phone: `+49151000000${number}`, country: "DE", allUpdates: number % 2 === 0 };
    case "webhook":
      return { ...common, channel, endpoint: `https://hooks.example/${id}`, contactEmail: null, secretVersion: 1 };
  }
}
