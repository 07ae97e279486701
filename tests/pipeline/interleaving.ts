/** One run of a function: between any two of its port calls others may run, and it may die. */
export interface Invocation {
  startedAt: number;
  died: boolean;
}

/** A call that our own tables or queues refused, having done nothing: the invocation lives and has to cope. */
export class TableFailure extends Error {
  override name = "TableFailure";
}

/** Sleeps and waits for its turn. */
interface Waiting {
  invocation: Invocation;
  /** Null: as soon as it is chosen. */
  at: number | null;
  resume: () => void;
}

/** As the stacks set it for the senders. */
const FUNCTION_TIMEOUT_MS = 60_000;
/** An acceptance that could not be recorded is the window that no protocol closes: these do not fail, they die. */
const RECORDING = new Set(["recordDeliveries", "changeDelivery"]);
/** A port call takes up to this long. */
const STEP_MS = 12;

/**
 * Runs invocations side by side on a virtual clock, one port call at a time, in an order that the seed decides. An
 * invocation that died is never resumed: nothing after its last call happened.
 */
export function interleaving(start: number, seed: number) {
  let now = start;
  const uniform = seededUniform(seed);
  let waiting: Waiting[] = [];
  const live = new Set<Invocation>();
  const failures: unknown[] = [];
  let failing: { method: string | null; calls: number }[] = [];

  const wait = (invocation: Invocation, at: number | null) =>
    new Promise<void>((resume) => {
      if (!invocation.died) waiting.push({ invocation, at, resume });
    });
  const kill = (invocation: Invocation) => {
    invocation.died = true;
    live.delete(invocation);
    waiting = waiting.filter((other) => other.invocation !== invocation);
  };
  const mustFail = (method: string): boolean => {
    if (RECORDING.has(method)) return false;
    for (const failure of failing) if (failure.method === null || failure.method === method) failure.calls -= 1;
    const due = failing.find(({ calls }) => calls < 0);
    failing = failing.filter((failure) => failure !== due);
    return due !== undefined;
  };
  let dying: { method: string; calls: number }[] = [];
  const mustDie = (method: string): boolean => {
    for (const death of dying) if (death.method === method) death.calls -= 1;
    const due = dying.find(({ calls }) => calls < 0);
    dying = dying.filter((death) => death !== due);
    return due !== undefined;
  };
  /** Lets everything that can go on without a turn do so. */
  const drain = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    clock: () => now,
    uniform,
    failures,
    live: () => [...live],
    kill,
    /** Whoever makes this call, after so many of its kind, dies before it. */
    dieAt(method: string, calls: number) {
      dying.push({ method, calls });
    },
    /** One call fails, after so many of this method (null: of any). */
    failAfter(method: string | null, calls: number) {
      failing.push({ method, calls });
    },
    /** A number below `count`. */
    below: (count: number) => Math.floor(uniform() * count),
    /** Every call of the port waits for its turn first. */
    guard<T extends object>(port: T, invocation: Invocation): T {
      return new Proxy(port, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== "function") return member;
          return async (...parameters: unknown[]) => {
            await wait(invocation, null);
            if (mustDie(String(name))) {
              kill(invocation);
              await wait(invocation, null);
            }
            if (mustFail(String(name))) throw new TableFailure(String(name));
            return Reflect.apply(member, target, parameters);
          };
        },
      });
    },
    turn: (invocation: Invocation) => wait(invocation, null),
    sleep: (invocation: Invocation) => (milliseconds: number) => wait(invocation, now + Math.max(0, milliseconds)),
    start(run: (invocation: Invocation) => Promise<void>, ended: (done: boolean) => void): void {
      const invocation = { startedAt: now, died: false };
      live.add(invocation);
      run(invocation).then(
        () => {
          live.delete(invocation);
          ended(true);
        },
        (error: unknown) => {
          failures.push(error);
          live.delete(invocation);
          ended(false);
        },
      );
    },
    /** One turn: somebody goes on. False when all sleep or nobody is there. */
    async step(): Promise<boolean> {
      await drain();
      for (const invocation of live) if (now > invocation.startedAt + FUNCTION_TIMEOUT_MS) kill(invocation);
      const ready = waiting.filter(({ at }) => at === null || at <= now);
      const chosen = ready[Math.floor(uniform() * ready.length)];
      if (chosen === undefined) return false;
      waiting = waiting.filter((other) => other !== chosen);
      now += Math.floor(uniform() * STEP_MS);
      chosen.resume();
      await drain();
      return true;
    },
    /** Nobody can go on before then. */
    nextWake: () => Math.min(...waiting.map(({ at }) => at ?? now)),
    advanceTo(instant: number) {
      now = Math.max(now, instant);
    },
  };
}

export type Interleaving = ReturnType<typeof interleaving>;

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
