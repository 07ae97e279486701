import fc from "fast-check";
import { readOptions } from "../../infra/command.ts";
import { HOWS, type SweepResult, samplePairs, sweepCrashPoints } from "./crash-points.ts";
import { judge } from "./judge.ts";
import { type Kill, killAll } from "./kill-table.ts";
import { scenario } from "./scenarios.ts";

const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--path P] | --crash-points [--pairs N] | --kill-table

  --schedules N    plays N random schedules (1000)
  --seed S         their seed (the time); a failure prints it
  --path P         plays that one schedule of the seed again
  --crash-points   hits every port call of the small scenario: crash before, crash after, freeze
  --pairs N        and N pairs of hits (300)
  --kill-table     plays every seeded bug until a promise breaks`;

const PROGRESS_EVERY_MS = 5_000;
const BROKE_LENGTH = 90;

const { values } = readOptions(USAGE, {
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    path: { type: "string" },
    "crash-points": { type: "boolean", default: false },
    pairs: { type: "string", default: "300" },
    "kill-table": { type: "boolean", default: false },
  },
});

process.exitCode = (await simulate()) ? 0 : 1;

/** Whether everything was as it should be. */
async function simulate(): Promise<boolean> {
  if (values["kill-table"]) return printKillTable();
  if (values["crash-points"]) return hitEveryCall(wholeNumber("pairs", values.pairs));
  return playSchedules(wholeNumber("schedules", values.schedules), wholeNumber("seed", values.seed), values.path);
}

async function playSchedules(schedules: number, seed: number, path: string | undefined): Promise<boolean> {
  print(path === undefined ? `${schedules} schedules, seed ${seed}` : `the schedule ${path} of seed ${seed}`);
  const progress = reporter(schedules);
  let [requests, calls, kept, broke] = [0, 0, 0, 0];
  const result = await fc.check(
    fc.asyncProperty(scenario, async (played) => {
      const verdict = await judge(played);
      requests += verdict.requests;
      calls += verdict.calls.length;
      if (verdict.broken.length === 0) kept += 1;
      else broke += 1;
      progress(kept + broke);
      if (verdict.broken.length > 0) throw new Error(verdict.broken.join("\n  "));
    }),
    path === undefined ? { seed, numRuns: schedules } : { seed, path, numRuns: 1, endOnFailure: true },
  );
  print(`${kept} kept every promise, ${broke} broke one (${calls} port calls, ${requests} requests to providers)`);
  if (!result.failed) return true;
  print(`  ${result.errorInstance instanceof Error ? result.errorInstance.message : "failed"}`);
  print(JSON.stringify(result.counterexample?.[0]));
  print(`again: npm run simulate -- --seed ${result.seed} --path ${result.counterexamplePath}`);
  return false;
}

async function hitEveryCall(pairs: number): Promise<boolean> {
  const results: SweepResult[] = [];
  for (const how of HOWS) {
    const swept = await sweepCrashPoints({ hows: [how], mutation: null, first: false });
    print(`${how}: ${swept.calls} port calls, ${swept.runs} runs, ${swept.failures.length} broke a promise`);
    results.push(swept);
  }
  const sampled = await samplePairs(pairs, { hows: HOWS, mutation: null, first: false, onRun: reporter(pairs) });
  print(`pairs: ${sampled.runs} runs, ${sampled.failures.length} broke a promise`);
  results.push(sampled);
  const failures = results.flatMap((result) => result.failures);
  for (const { faults, methods, broken } of failures) {
    print(faults.map(({ call, how }, index) => `${how} call ${call} (${methods[index]})`).join(", then "));
    for (const promise of broken) print(`  ${promise}`);
  }
  return failures.length === 0;
}

async function printKillTable(): Promise<boolean> {
  print("| seeded bug | found by | schedules | promise broken |\n|---|---|---|---|");
  const kills = await killAll((kill) => print(rowOf(kill)));
  const killed = kills.filter(({ broke }) => broke !== null).length;
  print(`\n${killed} of ${kills.length} killed`);
  return killed === kills.length;
}

function rowOf({ mutant, ground, runs, broke }: Kill): string {
  const words = broke === null ? "**survived**" : broke.replaceAll("|", "/");
  const short = words.length > BROKE_LENGTH ? `${words.slice(0, BROKE_LENGTH)}…` : words;
  return `| ${mutant} | ${ground} | ${runs} | ${short} |`;
}

function reporter(total: number): (done: number) => void {
  let last = performance.now();
  return (done) => {
    if (performance.now() - last < PROGRESS_EVERY_MS) return;
    last = performance.now();
    print(`  ${done} of ${total}`);
  };
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${option} takes a whole number\n${USAGE}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
