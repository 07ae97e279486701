import { judge, type Verdict } from "./judge.ts";
import type { Mutation } from "./mutation.ts";
import type { Fault } from "./schedule.ts";
import { smallScenario } from "./small-scenario.ts";

export type How = Fault["how"];
export const HOWS: readonly How[] = ["before", "after", "freeze"];

interface BrokenPoint {
  faults: readonly Fault[];
  /** The calls that were hit. */
  methods: readonly string[];
  broken: readonly string[];
}

export interface SweepResult {
  /** Port calls of the undisturbed run. */
  calls: number;
  runs: number;
  failures: BrokenPoint[];
}

export interface SweepOptions {
  hows: readonly How[];
  mutation: Mutation | null;
  /** Stop at the first broken promise. */
  first: boolean;
  /** After each run. */
  onRun?: (runs: number) => void;
}

/** Hits every port call of the small scenario in every way. */
export async function sweepCrashPoints({ hows, mutation, first, onRun }: SweepOptions): Promise<SweepResult> {
  const undisturbed = await judge(smallScenario(), mutation);
  const calls = undisturbed.calls.length;
  // Not in their order: a fault that breaks a promise in one part of the run mostly does so at every call of that part.
  const order = Array.from({ length: calls }, (_, index) => index + 1).sort((a, b) => spread(a) - spread(b));
  const points = order.map((call) => hows.map((how): Fault[] => [{ call, how }]));
  return playAll([[], ...points.flat()], { hows, mutation, first, ...(onRun === undefined ? {} : { onRun }) }, calls);
}

/** Plays `count` pairs of hits, spread over the run: the second one falls into what the first one made of it. */
export async function samplePairs(count: number, options: SweepOptions): Promise<SweepResult> {
  const { length: calls } = (await judge(smallScenario(), options.mutation)).calls;
  const { hows } = options;
  const pairs = Array.from({ length: count }, (_, number): Fault[] => {
    const one = 1 + Math.floor(((number * PLASTIC) % 1) * calls);
    const two = one + 1 + Math.floor(((number * PLASTIC ** 2) % 1) * calls);
    return [
      { call: one, how: hows[number % hows.length] ?? "before" },
      { call: two, how: hows[Math.floor(number / hows.length) % hows.length] ?? "before" },
    ];
  });
  return playAll(pairs, options, calls);
}

/**
 * 1 / the plastic number. Its multiples and those of its square fill a square evenly and never come back (the R2
 * sequence).
 */
const PLASTIC = 0.754_877_666_246_693;

/** Low-discrepancy: in an order by this, the first few lie all over the run. */
function spread(call: number): number {
  return (call * 0.618_033_988_7) % 1;
}

async function playAll(
  all: readonly (readonly Fault[])[],
  { mutation, first, onRun }: SweepOptions,
  calls: number,
): Promise<SweepResult> {
  const failures: BrokenPoint[] = [];
  let runs = 0;
  for (const faults of all) {
    const verdict = await judge(smallScenario(faults), mutation);
    runs += 1;
    onRun?.(runs);
    if (verdict.broken.length === 0) continue;
    failures.push({ faults, methods: methodsOf(faults, verdict), broken: verdict.broken });
    if (first) break;
  }
  return { calls, runs, failures };
}

function methodsOf(faults: readonly Fault[], verdict: Verdict): string[] {
  return faults.map(({ call }) => verdict.calls[call - 1] ?? "nothing");
}
