import fc from "fast-check";
import { type How, sweepCrashPoints } from "./crash-points.ts";
import { judge } from "./judge.ts";
import { MUTANTS, type MutantName } from "./mutants.ts";
import type { Mutation } from "./mutation.ts";
import { scenario } from "./scenarios.ts";
import { WRITTEN_SCENARIOS, type WrittenName } from "./written-scenarios.ts";

/** Where to hunt a mutant: a written scenario, every crash point of the small one, random schedules. */
type Ground =
  | { by: "scenario"; name: WrittenName }
  | { by: "crash points"; how: How }
  | { by: "schedules"; seed: number; most: number };

export interface Kill {
  mutant: string;
  ground: string;
  /** How many schedules it took. */
  runs: number;
  /** The first promise it broke; null: it survived. */
  broke: string | null;
}

/** The cheapest ground that kills each mutant. */
const GROUNDS = {
  "a claim without its condition": { by: "scenario", name: "a queue hands out again what is in flight" },
  "a window closed before it is recorded": { by: "crash points", how: "before" },
  "no second look before a send": { by: "scenario", name: "a subscriber leaves before a retry" },
  "a sweep that wakes no planner": { by: "scenario", name: "the stream loses a record" },
  "a sweep that finds no due retries": { by: "scenario", name: "the retry queue is lost" },
  "a refused batch taken for queued": { by: "scenario", name: "a batch is refused" },
  "the same deduplication id on every resend": { by: "scenario", name: "the queues are lost" },
  "a range superseded whole, unread": { by: "scenario", name: "undisturbed" },
  "an SDK that repeats a send": { by: "scenario", name: "replies are lost" },
  "a retry without the order check": { by: "scenario", name: "a retry is overtaken" },
  "a later update that does not look at the earlier one's window": { by: "schedules", seed: 1, most: 2_000 },
  "a window not written before it is sent": { by: "crash points", how: "after" },
  "a window that forgets who was in doubt before": {
    by: "scenario",
    name: "functions die twice between their sends and the record",
  },
  "a window closed without the fencing token": { by: "scenario", name: "a function stands still over a window" },
  "a delivery changed without its condition": { by: "scenario", name: "retries come twice" },
  "what is wrong with us taken for the recipient's failure": {
    by: "scenario",
    name: "nothing of ours is taken for hours",
  },
  "a problem of ours that uses up attempts": { by: "scenario", name: "sending breaks in the middle" },
  "a problem of ours that others are not told of": { by: "scenario", name: "nothing of ours is taken for hours" },
  "a problem of ours that never ends": { by: "scenario", name: "sending breaks in the middle" },
  "a record given up when its table is busy": {
    by: "scenario",
    name: "the ledger is throttled while mail is being recorded",
  },
  "a retry's record given up when its table is busy": {
    by: "scenario",
    name: "the ledger is throttled while a retry is being recorded",
  },
  "an ambiguous SMS sent again": { by: "scenario", name: "replies are lost" },
  "an interrupted SMS sent again": { by: "crash points", how: "after" },
  "a notice done when its chunks have begun": { by: "scenario", name: "a function dies, and its queue is lost" },
  "a chunk sent again while it is alive": { by: "schedules", seed: 1, most: 2_000 },
  "a planner that never says it is done": { by: "scenario", name: "undisturbed" },
} satisfies Record<MutantName, Ground>;

export const MUTANT_NAMES: readonly string[] = Object.keys(MUTANTS);

/** Hunts every mutant on its ground, in order. */
export async function killAll(onKill: (kill: Kill) => void = () => {}): Promise<Kill[]> {
  const kills: Kill[] = [];
  for (const mutant of MUTANT_NAMES) {
    const kill = await killMutant(mutant);
    onKill(kill);
    kills.push(kill);
  }
  return kills;
}

export async function killMutant(mutant: string): Promise<Kill> {
  const mutation = Object.entries<Mutation>(MUTANTS).find(([name]) => name === mutant)?.[1];
  const ground = Object.entries<Ground>(GROUNDS).find(([name]) => name === mutant)?.[1];
  if (mutation === undefined || ground === undefined) throw new Error(`no ground to hunt on: ${mutant}`);
  return { mutant, ground: nameOf(ground), ...(await hunt(mutation, ground)) };
}

type Hunted = Pick<Kill, "runs" | "broke">;

async function hunt(mutation: Mutation | null, ground: Ground): Promise<Hunted> {
  switch (ground.by) {
    case "scenario": {
      const { broken } = await judge(WRITTEN_SCENARIOS[ground.name], mutation);
      return { runs: 1, broke: broken[0] ?? null };
    }
    case "crash points": {
      const { runs, failures } = await sweepCrashPoints({ hows: [ground.how], mutation, first: true });
      return { runs, broke: failures[0]?.broken[0] ?? null };
    }
    case "schedules":
      return huntAtRandom(mutation, ground.seed, ground.most);
  }
}

async function huntAtRandom(mutation: Mutation | null, seed: number, most: number): Promise<Hunted> {
  let broke: string | null = null;
  const details = await fc.check(
    fc.asyncProperty(scenario, async (played) => {
      const { broken } = await judge(played, mutation);
      broke ??= broken[0] ?? null;
      return broken.length === 0;
    }),
    { seed, numRuns: most, endOnFailure: true },
  );
  return { runs: details.numRuns, broke };
}

function nameOf(ground: Ground): string {
  switch (ground.by) {
    case "scenario":
      return ground.name;
    case "crash points":
      return ground.how === "freeze" ? "freeze at every call" : `crash ${ground.how} every call`;
    case "schedules":
      return "random schedules";
  }
}
