import { TableBusyError } from "../../functions/store/busy.ts";

/** One run of a function: between any two of its port calls others may run, and it may die or freeze. */
export interface Invocation {
  startedAt: number;
  died: boolean;
  /** Until then it does nothing at all; what it waits for may have come long before. */
  frozenUntil: number;
  /** It froze once: the watch over its time missed it, and it may go on after its time and its lease. */
  thawed: boolean;
  /** It was still at work after its time: it could not record what it heard. */
  overran: boolean;
}

/** What happens at the n-th port call of a run (from 1), no matter which invocation makes it. */
export interface Fault {
  call: number;
  /**
   * before: it dies, and the call never happened. after: the call took effect, and then it dies. freeze: it stands
   * still until its lease is over.
   */
  how: "before" | "after" | "freeze";
}

/** A call that our own tables or queues refused, having done nothing: the invocation lives on and has to cope. */
export class TableFailure extends Error {
  override name = "TableFailure";
}

/** Sleeps and waits for its turn. */
interface Waiting {
  invocation: Invocation;
  /** Null: it resumes as soon as it is chosen. */
  at: number | null;
  resume: () => void;
}

/** As in the stacks, for the senders. */
const FUNCTION_TIMEOUT_MS = 60_000;
/**
 * An acceptance that could not be recorded is the window that no protocol closes: these calls do not fail, their
 * invocation dies.
 */
const RECORDING = new Set(["recordDeliveries", "changeDelivery"]);
/**
 * The calls that an invocation past its time never makes. Lambda ends it from outside, and only a write that its
 * condition fences may still arrive late. These have no fence, or are the sends themselves.
 */
const NEVER_LATE = new Set(["recordDeliveries", "send"]);
/** A port call takes up to this long. */
const STEP_MS = 12;
/** Beyond the lease, and beyond the queue's visibility time-out (70 s): it thaws while another is at its work. */
const FREEZE_MS = 70_500;
/** The work that a function left behind goes on when its environment is used again. */
const LONGEST_REST_MS = 150_000;

/**
 * Runs invocations side by side on a virtual clock, one port call at a time, in an order that the seed decides. An
 * invocation that died is never resumed: nothing after its last call happened.
 */
export function createSchedule(start: number, seed: number, faults: readonly Fault[] = []) {
  let now = start;
  let calls = 0;
  const uniform = seededUniform(seed);
  let waiting: Waiting[] = [];
  const live = new Set<Invocation>();
  const failures: unknown[] = [];
  const trace: string[] = [];
  let failing: { method: string | null; calls: number }[] = [];
  let busy: { method: string; calls: number; times: number }[] = [];
  let dying: { method: string; calls: number; how: Fault["how"] }[] = [];

  const wait = (invocation: Invocation, at: number | null) =>
    new Promise<void>((resume) => {
      if (!invocation.died) waiting.push({ invocation, at, resume });
    });
  const kill = (invocation: Invocation) => {
    invocation.died = true;
    live.delete(invocation);
    waiting = waiting.filter((other) => other.invocation !== invocation);
  };
  /** Never returns. */
  const die = (invocation: Invocation) => {
    kill(invocation);
    return wait(invocation, null);
  };
  const freeze = (invocation: Invocation, milliseconds: number) => {
    invocation.frozenUntil = now + milliseconds;
    invocation.thawed = true;
  };
  const isLate = (invocation: Invocation) => now > invocation.startedAt + FUNCTION_TIMEOUT_MS;
  const mustFail = (method: string): boolean => {
    if (RECORDING.has(method)) return false;
    for (const failure of failing) if (failure.method === null || failure.method === method) failure.calls -= 1;
    const due = failing.find((failure) => failure.calls < 0);
    failing = failing.filter((failure) => failure !== due);
    return due !== undefined;
  };
  /** Whether the table says that it is too busy for this call, having done nothing. */
  const isBusy = (method: string): boolean => {
    const due = busy.find((other) => other.method === method && other.calls <= 0);
    for (const other of busy) if (other.method === method) other.calls -= 1;
    if (due === undefined) return false;
    due.times -= 1;
    busy = busy.filter(({ times }) => times > 0);
    return true;
  };
  const doomOf = (method: string): Fault["how"] | undefined => {
    for (const death of dying) if (death.method === method) death.calls -= 1;
    const due = dying.find((death) => death.calls < 0);
    dying = dying.filter((death) => death !== due);
    return due?.how;
  };
  /** Makes one call of a port at its turn, with its faults. */
  async function call<T>(invocation: Invocation, method: string, run: () => Promise<T>): Promise<T> {
    await wait(invocation, null);
    calls += 1;
    const number = calls;
    trace.push(method);
    const fault = doomOf(method) ?? faults.find((other) => other.call === number)?.how;
    if (fault === "before") await die(invocation);
    if (fault === "freeze") {
      freeze(invocation, FREEZE_MS);
      await wait(invocation, null);
    }
    invocation.overran ||= isLate(invocation);
    if (invocation.overran && NEVER_LATE.has(method)) await die(invocation);
    if (mustFail(method)) throw new TableFailure(method);
    if (isBusy(method)) throw new TableBusyError(method);
    const result = await run();
    if (fault === "after") await die(invocation);
    return result;
  }
  /** Lets everything that can go on without a turn do so. */
  const drain = () => new Promise<void>((resolve) => setImmediate(resolve));
  /**
   * Ends an invocation. The work that it left behind stands still with its environment, and goes on with its next
   * invocation.
   */
  const end = (invocation: Invocation) => {
    live.delete(invocation);
    if (waiting.some((other) => other.invocation === invocation)) {
      freeze(invocation, Math.floor(uniform() * LONGEST_REST_MS));
    }
  };

  return {
    clock: () => now,
    uniform,
    failures,
    /** The names of all calls so far. */
    trace,
    live: () => [...live],
    kill,
    freeze,
    call,
    /** Sets a fault for the invocation that makes this call, after so many of its kind. */
    strikeAt(method: string, after: number, how: Fault["how"]) {
      dying.push({ method, calls: after, how });
    },
    /** One call fails, after so many of this method (null: of any). */
    failAfter(method: string | null, after: number) {
      failing.push({ method, calls: after });
    },
    /**
     * From that call of the method on, `times` calls throw: the table is throttled, or another transaction holds the
     * item.
     */
    busyAfter(method: string, after: number, times: number) {
      busy.push({ method, calls: after, times });
    },
    /** A number below `count`. */
    below: (count: number) => Math.floor(uniform() * count),
    /** Every call of the port waits for its turn first. */
    guard<T extends object>(port: T, invocation: Invocation): T {
      return new Proxy(port, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== "function") return member;
          return (...parameters: unknown[]) =>
            call(invocation, String(name), async () => Reflect.apply(member, target, parameters));
        },
      });
    },
    sleep: (invocation: Invocation) => (milliseconds: number) => wait(invocation, now + Math.max(0, milliseconds)),
    start(run: (invocation: Invocation) => Promise<void>, ended: (done: boolean) => void): Invocation {
      const invocation = { startedAt: now, died: false, frozenUntil: 0, thawed: false, overran: false };
      live.add(invocation);
      run(invocation).then(
        () => {
          end(invocation);
          ended(true);
        },
        (error: unknown) => {
          failures.push(error);
          end(invocation);
          ended(false);
        },
      );
      return invocation;
    },
    /** One turn: one invocation goes on. False when all sleep or none is there. */
    async step(): Promise<boolean> {
      await drain();
      for (const invocation of live) if (isLate(invocation) && !invocation.thawed) kill(invocation);
      const ready = waiting.filter(({ at, invocation }) => (at === null || at <= now) && invocation.frozenUntil <= now);
      const chosen = ready[Math.floor(uniform() * ready.length)];
      if (chosen === undefined) return false;
      waiting = waiting.filter((other) => other !== chosen);
      now += Math.floor(uniform() * STEP_MS);
      chosen.resume();
      await drain();
      return true;
    },
    /** No invocation can go on before then. */
    nextWake: () => Math.min(...waiting.map(({ at, invocation }) => Math.max(at ?? now, invocation.frozenUntil))),
    /** No invocation runs out of its time before then. */
    nextTimeout: () =>
      Math.min(
        ...[...live].filter(({ thawed }) => !thawed).map(({ startedAt }) => startedAt + FUNCTION_TIMEOUT_MS + 1),
      ),
    advanceTo(instant: number) {
      now = Math.max(now, instant);
    },
  };
}

export type Schedule = ReturnType<typeof createSchedule>;

/** mulberry32: small, and the same run for the same seed. */
function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
