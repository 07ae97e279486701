import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { readOptions } from "../infra/command.ts";
import type { Bench, BenchOptions, BenchResult, Finding } from "./measurement.ts";

const BENCHES: Record<string, { what: string; load: () => Promise<{ bench: Bench }> }> = {
  "webhook-sender": { what: "the webhook sender against bare POSTs", load: () => import("./webhook-sender.ts") },
  "send-rate": { what: "several senders under one send rate", load: () => import("./send-rate.ts") },
  "commit-to-sent": { what: "from commit to the endpoint", load: () => import("./commit-to-sent.ts") },
  "email-composition": { what: "splicing a stored email", load: () => import("./email-composition.ts") },
  waiting: { what: "what waiting for SES's rate costs", load: () => import("./waiting.ts") },
  "sender-cpu": { what: "the email sender against a bare call", load: () => import("./sender-cpu.ts") },
  "whole-stack": { what: "API to the last webhook against its floor", load: () => import("./whole-stack.ts") },
  "idle-stack": { what: "what npm start costs while nothing happens", load: () => import("./idle-stack.ts") },
  "start-up": { what: "bundles: size and time to load", load: () => import("./start-up.ts") },
  "hot-keys": { what: "units that the hottest keys take at 25,000 recipients/s", load: () => import("./hot-keys.ts") },
  cost: { what: "writes, requests and log lines for a recipient", load: () => import("./cost.ts") },
  "cost-model": { what: "docs/cost.md, from what cost counted", load: () => import("./cost-document.ts") },
};

const HELP = `npm run bench -- [names] [options]

${Object.entries(BENCHES)
  .map(([name, { what }]) => `  ${name.padEnd(18)} ${what}`)
  .join("\n")}

  --updates N     posted updates of commit-to-sent (200)
  --webhooks N    subscribers of whole-stack (2000)
  --rate N        sends a second of send-rate (50)
  --seconds N     length of send-rate's steady run (60)
  --idle-minutes N  minutes that idle-stack looks at (2)
  --json PATH     where the numbers go (.local/bench/<time>.json)`;

const { values, positionals } = readOptions(HELP, {
  allowPositionals: true,
  options: {
    updates: { type: "string", default: "200" },
    webhooks: { type: "string", default: "2000" },
    rate: { type: "string", default: "50" },
    seconds: { type: "string", default: "60" },
    "idle-minutes": { type: "string", default: "2" },
    json: { type: "string" },
  },
});
const unknown = positionals.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(", ")}.\n\n${HELP}`);
  process.exit(1);
}

const options: Omit<BenchOptions, "progress"> = {
  updates: Number(values.updates),
  webhooks: Number(values.webhooks),
  rate: Number(values.rate),
  seconds: Number(values.seconds),
  idleMinutes: Number(values["idle-minutes"]),
};
const began = new Date();
const path = values.json ?? join(".local", "bench", `${began.toISOString().replace(/[:.]/g, "-")}.json`);
await mkdir(dirname(path), { recursive: true });
const results: Record<string, BenchResult & { loadBefore: number; loadAfter: number }> = {};
for (const [name, { load }] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.error(`${name}…`);
  const { bench } = await load();
  const loadBefore = load1();
  const result = await bench({ ...options, progress: (line) => console.error(`  ${line}`) });
  results[name] = { ...result, loadBefore, loadAfter: load1() };
  console.log(table(result.findings.map((finding) => ({ name, ...finding }))));
  // After each one: what was measured stays, should a later one be ended.
  await writeFile(
    path,
    `${JSON.stringify({ began: began.toISOString(), machine: machine(), options, results }, null, 2)}\n`,
  );
}
const all = Object.entries(results).flatMap(([name, { findings }]) =>
  findings.map((finding) => ({ name, ...finding })),
);
if (Object.keys(results).length > 1) console.log(`\n${table(all)}`);
console.error(`The numbers are in ${path}.`);
process.exit();

/** Runnable threads, averaged over the last minute: what else the machine had to do. */
function load1(): number {
  return loadavg()[0] ?? Number.NaN;
}

function machine() {
  return {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

function table(rows: readonly (Finding & { name: string })[]): string {
  const verdict = (met: boolean | null) => (met === null ? "" : met ? "met" : "MISSED");
  const cells = [
    ["benchmark", "what", "result", "goal", ""],
    ...rows.map(({ name, what, result, goal, met }) => [name, what, result, goal ?? "", verdict(met)]),
  ];
  const widths = cells.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, cell.length)),
    [],
  );
  return cells
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
