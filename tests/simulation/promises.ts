import { audienceAsOf, isToBeSent, type Telling } from "../../functions/core/audience.ts";
import { countDeliveries, type Delivery } from "../../functions/core/delivery.ts";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { OUTCOME_UNKNOWN_TWICE } from "../../functions/core/settle.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { TableBusyError } from "../../functions/store/busy.ts";
import type { Request } from "./providers.ts";
import { PAGE } from "./samples.ts";
import { TableFailure } from "./schedule.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** The most time between the last reading of a subscriber and the request: a second of slots, and some port calls. */
const READ_BEFORE_MS = 2_500;

/** The promises that a finished history broke, in words; empty if it kept all. */
export async function brokenPromises(world: SimulatedWorld, quiet: boolean): Promise<string[]> {
  const updates = await world.tellings();
  const deliveries = world.ledger.allDeliveries();
  const withdrawn = await world.isWithdrawn();
  const broken = world.schedule.failures
    .filter((error) => !(error instanceof TableFailure || error instanceof TableBusyError))
    .map((error) => `an invocation failed: ${String(error)}`);
  if (!quiet) broken.push(`live: ${whatIsOpen(world)}`);
  for (const subscriber of world.everyone) {
    const present = (await world.subscribers.get(PAGE, subscriber.channel, subscriber.id)) ?? subscriber;
    const requests = world.requests.filter(({ subscriberId }) => subscriberId === subscriber.id);
    const own = deliveries.filter(({ subscriberId }) => subscriberId === subscriber.id);
    broken.push(
      ...lost(present, updates, own, requests, withdrawn),
      ...doubled(requests),
      ...outOfOrder(requests),
      ...blamed(own, requests, world.isDisturbed),
      ...strangers(requests, updates),
    );
  }
  return [
    ...broken,
    ...hammered(world),
    ...tardy(world, updates),
    ...lingering(world, deliveries),
    ...miscounted(world, deliveries),
  ];
}

function whatIsOpen(world: SimulatedWorld): string {
  const notices = world.ledger.allNotices().filter(({ state }) => state !== "done");
  const open = world.ledger.allDeliveries().filter(({ state }) => state === "sending" || state === "retrying");
  const chunks = world.ledger.allChunks().filter(({ state }) => state !== "done");
  return JSON.stringify({ notices, open, chunks });
}

function lost(
  subscriber: Subscriber,
  updates: readonly Telling[],
  deliveries: readonly Delivery[],
  requests: readonly Request[],
  withdrawn: boolean,
): string[] {
  // A subscriber who confirmed after the commit may get the update, within the grace. Only those who confirmed before
  // it are promised it.
  const expected = updates.filter((update) => isToBeSent(update, subscriber, update.createdAt));
  return expected.flatMap((update) => {
    const how = howLost(update, subscriber, updates, deliveries, requests, withdrawn);
    return how === null ? [] : [`lost: update ${update.seq} for ${subscriber.id} (${subscriber.channel}): ${how}`];
  });
}

function howLost(
  update: Telling,
  subscriber: Subscriber,
  updates: readonly Telling[],
  deliveries: readonly Delivery[],
  requests: readonly Request[],
  withdrawn: boolean,
): string | null {
  const delivery = deliveries.find(({ seq }) => seq === update.seq);
  if (delivery === undefined) return withdrawn ? null : "no record";
  const own = requests.filter(({ seq }) => seq === update.seq);
  switch (delivery.state) {
    case "accepted":
      return own.some(({ taken }) => taken) ? null : "accepted, but nothing was taken";
    case "suppressed":
      return withdrawn ? null : `suppressed (${delivery.reason})`;
    case "superseded": {
      const by = updates.find(({ id }) => id === delivery.reason);
      const told = by !== undefined && by.seq > update.seq && deliveries.some(({ seq }) => seq === by.seq);
      return told || withdrawn ? null : `superseded by ${delivery.reason}, which is not there`;
    }
    case "ambiguous":
      return subscriber.channel === "sms" ? null : "ambiguous";
    case "failed":
      // A recipient who was in two windows that died may not have been sent anything: nobody can know.
      return own.length > 0 || delivery.reason === OUTCOME_UNKNOWN_TWICE ? null : "failed without an attempt";
    case "sending":
    case "retrying":
      return null;
  }
}

/** A send may repeat only after a request that was accepted and whose answer was never recorded. */
function doubled(requests: readonly Request[]): string[] {
  return [...Map.groupBy(requests, ({ seq }) => seq)].flatMap(([seq, all]) => {
    const [first] = all;
    if (first === undefined) return [];
    const name = `doubled: update ${seq} for ${first.subscriberId} (${first.channel})`;
    const taken = all.filter((request) => request.taken);
    if (first.channel === "sms" && taken.length > 1) return [`${name}: ${taken.length} SMS`];
    if (first.channel === "email" && taken.length > 2) return [`${name}: ${taken.length} mails`];
    const known = taken
      .slice(0, -1)
      .filter((request) => request.answered && !request.invocation.died && !request.invocation.overran);
    return known.length === 0 ? [] : [`${name}: again after an answer that was heard`];
  });
}

function outOfOrder(requests: readonly Request[]): string[] {
  return requests.flatMap((request, index) => {
    const name = `order: update ${request.seq} to ${request.subscriberId} (${request.channel})`;
    if (request.beside !== null) return [`${name} while update ${request.beside} was in flight`];
    const newer = requests.slice(0, index).find(({ seq }) => seq > request.seq);
    return newer === undefined ? [] : [`${name} after update ${newer.seq}`];
  });
}

function strangers(requests: readonly Request[], updates: readonly Telling[]): string[] {
  return requests.flatMap((request) => {
    const { subscriber, at } = request;
    const name = `stranger: update ${request.seq} to ${request.subscriberId} (${request.channel})`;
    if (subscriber === null) return [`${name}: erased`];
    if (subscriber.state !== "active") {
      const since = subscriber.unsubscribedAt ?? subscriber.quarantinedAt ?? 0;
      // An invocation that stood still between its read and its send cannot know; its lease bounds how long that was.
      const allowed = request.invocation.thawed ? READ_BEFORE_MS + LEASE_MS : READ_BEFORE_MS;
      return at - since <= allowed ? [] : [`${name}: ${subscriber.state} for ${at - since} ms`];
    }
    const update = updates.find(({ seq }) => seq === request.seq);
    const wanted = update !== undefined && isToBeSent(update, subscriber, audienceAsOf(update.createdAt));
    return wanted ? [] : [`${name}: not to be sent`];
  });
}

/** A problem of ours is nobody's failure, and takes no attempt from anybody's schedule. */
function blamed(deliveries: readonly Delivery[], requests: readonly Request[], isDisturbed: boolean): string[] {
  return deliveries.flatMap((delivery) => {
    const own = requests.filter(({ seq }) => seq === delivery.seq);
    const name = `blamed: update ${delivery.seq} for ${delivery.subscriberId} (${delivery.channel})`;
    const theirs = own.filter(({ answer }) => answer?.outcome !== "sender problem");
    if (delivery.state === "failed" && own.length > 0 && theirs.length === 0) return [`${name} failed`];
    // A run that dies over a window counts an attempt for each recipient in it, whatever became of them.
    const counted = isDisturbed ? 0 : delivery.attempts;
    return counted <= theirs.length ? [] : [`${name}: ${counted} attempts counted of ${theirs.length}`];
  });
}

/** How long sends in flight may go on hitting the problem, and how far apart the probes are. */
const KNOWN_AFTER_MS = 40_000;
const APART_MS = 18_000;

/** Once it is known that nothing of ours is accepted, one request at a time finds out whether that is over. */
function hammered({ requests, scenario }: SimulatedWorld): string[] {
  const inVain = requests.filter(({ brokenSince, invocation }) => brokenSince !== null && !invocation.thawed);
  return [...Map.groupBy(inVain, ({ channel, brokenSince }) => `${channel} since ${brokenSince}`)].flatMap(
    ([name, all]) => {
      const known = Math.min(...all.map(({ endsAt }) => endsAt)) + KNOWN_AFTER_MS;
      const later = all.filter(({ at }) => at > known);
      const last = later.at(-1)?.at ?? known;
      // Each fault may keep somebody from reporting it, once.
      const allowed = 1 + scenario.deeds.length + (last - known) / APART_MS;
      return later.length <= allowed ? [] : [`hammered: ${name}: ${later.length} requests in ${last - known} ms`];
    },
  );
}

/** If the scenario limits the time, everybody's first attempt began within it. */
function tardy({ scenario, requests, everyone }: SimulatedWorld, updates: readonly Telling[]): string[] {
  const { promptMs } = scenario;
  const [first] = updates;
  if (promptMs === undefined || first === undefined) return [];
  return everyone.flatMap(({ id, channel }) => {
    const began = requests.find(({ subscriberId }) => subscriberId === id)?.at ?? Number.POSITIVE_INFINITY;
    const took = began - first.createdAt;
    return took <= promptMs ? [] : [`live: ${id} (${channel}) was first tried after ${Math.round(took)} ms`];
  });
}

/** If the scenario limits the time, what waited for us ends within it once that is mended. */
function lingering({ scenario, mendedAt }: SimulatedWorld, deliveries: readonly Delivery[]): string[] {
  const [allowed, mended] = [scenario.resumesWithinMs, mendedAt()];
  if (allowed === undefined || mended === null) return [];
  return deliveries.flatMap(({ subscriberId, channel, updatedAt }) => {
    const took = updatedAt - mended;
    return took <= allowed ? [] : [`live: ${subscriberId} (${channel}) still waited ${took} ms after all was mended`];
  });
}

/** Every delivery counts once, in its chunk; nothing is left in a window. */
function miscounted(world: SimulatedWorld, deliveries: readonly Delivery[]): string[] {
  return world.ledger.allChunks().flatMap((chunk) => {
    const own = deliveries.filter(
      ({ updateId, channel, chunk: number }) =>
        updateId === chunk.updateId && channel === chunk.channel && number === chunk.chunk,
    );
    const name = `counts: update ${chunk.seq} ${chunk.channel} ${chunk.chunk}`;
    const expected = countDeliveries(own);
    const histogram = Object.values(chunk.histogram).reduce((sum, count) => sum + count, 0);
    return [
      ...(Object.entries(expected).every(([key, count]) =>
        Object.entries(chunk.counts).some(([k, c]) => k === key && c === count),
      )
        ? []
        : [`${name}: ${JSON.stringify(chunk.counts)}, but the ledger has ${JSON.stringify(expected)}`]),
      ...(chunk.window.length > 0 ? [`${name}: ${chunk.window.join()} left in the window`] : []),
      ...(chunk.retrying.length > 0 ? [`${name}: ${chunk.retrying.join()} left retrying`] : []),
      ...(histogram === expected.accepted ? [] : [`${name}: ${histogram} latencies of ${expected.accepted}`]),
    ];
  });
}
