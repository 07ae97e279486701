import type { AttemptOutcome } from "../../functions/core/attempt.ts";
import type { Chunk } from "../../functions/core/chunk.ts";
import type { Delivery } from "../../functions/core/delivery.ts";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { readWork, type SendWork, sendWorkSchema } from "../../functions/core/queued-work.ts";
import type { Subscriber } from "../../functions/core/subscriber.ts";
import { TableBusyError } from "../../functions/store/busy.ts";
import type { Ledger } from "../../functions/store/deliveries/ledger.ts";
import type { Mutation, Ports } from "./mutation.ts";
import { TableFailure } from "./schedule.ts";

const LONG_AGO = 0;

/**
 * Seeded bugs, by name: each takes away one thing that the protocol depends on, and leaves the product's code alone.
 */
export const MUTANTS = {
  "a claim without its condition": ({ ledger }) => ({
    ledger: {
      ...ledger,
      claimChunk: (key, resend, now, leaseUntil) => ledger.claimChunk(key, resend, now + 2 * LEASE_MS, leaseUntil),
    },
  }),

  "a window closed before it is recorded": ({ ledger }) => {
    const held: Delivery[] = [];
    return {
      ledger: {
        ...ledger,
        recordDeliveries: async (deliveries) => void held.push(...deliveries),
        closeWindow: async (...parameters) => {
          const closed = await ledger.closeWindow(...parameters);
          await ledger.recordDeliveries(held.splice(0));
          return closed;
        },
      },
    };
  },

  "no second look before a send": ({ subscribers }) => {
    const active = <T extends Subscriber>(subscriber: T): T => ({ ...subscriber, state: "active" });
    return {
      subscribers: {
        ...subscribers,
        getMany: async (...parameters) => (await subscribers.getMany(...parameters)).map(active),
        get: async (...parameters) => {
          const found = await subscribers.get(...parameters);
          return found === null ? null : active(found);
        },
      },
    };
  },

  "a sweep that wakes no planner": ({ queues }) => ({ queues: { ...queues, wakePlanner: async () => {} } }),

  "a sweep that finds no due retries": ({ ledger }, step) => ({
    ledger: { ...ledger, listDue: async (...parameters) => (step === "sweep" ? [] : ledger.listDue(...parameters)) },
  }),

  "a refused batch taken for queued": ({ queues }) => ({
    queues: {
      ...queues,
      sendChunks: (works) =>
        queues.sendChunks(works).catch((error: unknown) => {
          if (!(error instanceof TableFailure)) throw error;
        }),
    },
  }),

  "the same deduplication id on every resend": ({ queues }) => ({
    queues: { ...queues, sendChunks: (works) => queues.sendChunks(works.map((work) => ({ ...work, resend: 0 }))) },
  }),

  "a range superseded whole, unread": ({ subscribers, status }, step, body) => {
    if (step !== "chunk") return {};
    const { seq, subject } = workOf(body);
    return {
      subscribers: {
        ...subscribers,
        listRange: async (pageId, ...parameters) => {
          const updates = await status.listUpdates(pageId, subject.id);
          const isOvertaken = updates.some((update) => update.seq > seq);
          return isOvertaken ? { items: [], next: null } : subscribers.listRange(pageId, ...parameters);
        },
      },
    };
  },

  "an SDK that repeats a send": ({ mail, sms, https }) => ({
    mail: { send: (parameters) => twiceIfUnknown(() => mail.send(parameters)) },
    sms: { send: (to, text) => twiceIfUnknown(() => sms.send(to, text)) },
    https: { post: (request) => twiceIfUnknown(() => https.post(request)) },
  }),

  "a retry without the order check": ({ ledger, status }, step, body) => {
    const ignorant: Ledger = {
      ...ledger,
      getChunks: async (refs) => (await ledger.getChunks(refs)).map(nobodyRetrying),
    };
    if (step !== "retry") return { ledger: ignorant };
    const { seq } = workOf(body);
    return {
      status: {
        ...status,
        listTellings: async (...parameters) =>
          (await status.listTellings(...parameters)).filter((update) => update.seq <= seq),
      },
    };
  },

  "a later update that does not look at the earlier one's window": ({ ledger }, step) =>
    step === "chunk" ? { ledger: { ...ledger, getChunks: async () => [] } } : {},

  "a window not written before it is sent": ({ ledger }) => ({
    ledger: { ...ledger, openWindow: (key, attempt) => ledger.openWindow(key, attempt, [], []) },
  }),

  "a window that forgets who was in doubt before": ({ ledger }) => ({
    ledger: { ...ledger, openWindow: (key, attempt, window) => ledger.openWindow(key, attempt, window, []) },
  }),

  "a window closed without the fencing token": ({ ledger }) => ({
    ledger: {
      ...ledger,
      closeWindow: async (key, attempt, progress, cursor) => {
        const closed = await ledger.closeWindow(key, attempt, progress, cursor);
        if (closed.outcome === "saved") return closed;
        const [present] = await ledger.getChunks([key]);
        return ledger.closeWindow(key, present?.attempt ?? attempt, progress, cursor);
      },
    },
  }),

  "a delivery changed without its condition": ({ ledger }) => ({
    ledger: {
      ...ledger,
      changeDelivery: async (from, to, latencyMs) => {
        const [present] = await ledger.getDeliveries(to.pageId, to.subject, to.seq, [to.subscriberId]);
        return ledger.changeDelivery(present ?? from, to, latencyMs);
      },
    },
  }),

  "what is wrong with us taken for the recipient's failure": ({ mail, sms }) => {
    const blamed = <O extends AttemptOutcome>(outcome: O): AttemptOutcome =>
      outcome.outcome === "sender problem" ? { outcome: "rejected", reason: outcome.reason } : outcome;
    return {
      mail: { send: async (one) => blamed(await mail.send(one)) },
      sms: { send: async (to, text) => blamed(await sms.send(to, text)) },
    };
  },

  "a problem of ours that uses up attempts": ({ mail, sms }) => {
    const attempted = (outcome: AttemptOutcome): AttemptOutcome =>
      outcome.outcome === "sender problem"
        ? { outcome: "unavailable", reason: outcome.reason, retryAfterMs: null }
        : outcome;
    return {
      mail: { send: async (one) => attempted(await mail.send(one)) },
      sms: { send: async (to, text) => attempted(await sms.send(to, text)) },
    };
  },

  "a problem of ours that others are not told of": ({ access }) => ({
    access: { ...access, beginProblem: async () => null },
  }),

  "a problem of ours that never ends": ({ access }) => ({
    access: { ...access, endProblem: async () => ({ outcome: "lost" }) },
  }),

  "a record given up when its table is busy": ({ ledger }) => ({
    ledger: { ...ledger, recordDeliveries: (deliveries) => givenUp(() => ledger.recordDeliveries(deliveries)) },
  }),

  "a retry's record given up when its table is busy": ({ ledger }) => ({
    ledger: { ...ledger, changeDelivery: (...parameters) => givenUp(() => ledger.changeDelivery(...parameters)) },
  }),

  "an ambiguous SMS sent again": ({ sms }) => ({
    sms: {
      send: async (to, text) => {
        const outcome = await sms.send(to, text);
        return outcome.outcome === "unknown" ? { ...outcome, outcome: "unavailable", retryAfterMs: null } : outcome;
      },
    },
  }),

  "an interrupted SMS sent again": ({ ledger }) => ({
    ledger: {
      ...ledger,
      claimChunk: async (key, ...parameters) => {
        const claimed = await ledger.claimChunk(key, ...parameters);
        if (claimed.outcome === "lost" || key.channel !== "sms") return claimed;
        return { ...claimed, chunk: { ...claimed.chunk, window: [], windowAgain: [] } };
      },
    },
  }),

  "a notice done when its chunks have begun": ({ ledger }, step) =>
    step === "sweep" ? { ledger: withChunks(ledger, (chunk) => ({ ...chunk, state: "done" })) } : {},

  "a chunk sent again while it is alive": ({ ledger }, step) => {
    if (step !== "sweep") return {};
    const expired = withChunks(ledger, (chunk) => ({ ...chunk, leaseUntil: LONG_AGO }));
    return {
      ledger: {
        ...expired,
        requeueChunk: (key, now, queuedBefore) => ledger.requeueChunk(key, now + LEASE_MS, queuedBefore),
      },
    };
  },

  "a planner that never says it is done": ({ ledger }, step) =>
    step === "plan" ? { ledger: { ...ledger, markPlanned: async () => ({ outcome: "saved" }) } } : {},
} satisfies Record<string, Mutation>;

export type MutantName = keyof typeof MUTANTS;

function workOf(body: string | null): SendWork {
  return readWork(sendWorkSchema, body ?? "");
}

async function twiceIfUnknown<T extends { outcome: string }>(send: () => Promise<T>): Promise<T> {
  const outcome = await send();
  return outcome.outcome === "unknown" ? send() : outcome;
}

/** The invocation fails at once, as it does for any error that stays. */
async function givenUp<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof TableBusyError ? new TableFailure("given up") : error;
  }
}

function withChunks(ledger: Ledger, change: (chunk: Chunk) => Chunk): Ports["ledger"] {
  return { ...ledger, listChunks: async (...parameters) => (await ledger.listChunks(...parameters)).map(change) };
}

function nobodyRetrying(chunk: Chunk): Chunk {
  return { ...chunk, retrying: [] };
}
