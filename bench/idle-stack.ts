import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { portsInARow } from "../infra/local/listen.ts";
import { type Bench, rounded } from "./measurement.ts";

const MAIN = fileURLToPath(new URL("../infra/local/main.ts", import.meta.url));
/** After it says that it is running: until what the start used is ended. */
const SETTLES_MS = 45_000;
/** Clock ticks a second of proc(5), the same on every Linux. */
const TICKS = 100;
const MOST_CPU = 3;
const MOST_MEGABYTES = 500;

/**
 * What `npm start` costs while nobody uses it: the share of one core and the memory of all its processes (PSS: what
 * several share is divided among them), over whole minutes, so that every part of a minute's sweep is in it.
 */
export const bench: Bench = async ({ idleMinutes, progress }) => {
  const data = await mkdtemp(join(tmpdir(), "tocsin-idle-"));
  const argv = [MAIN, "--port", String(await portsInARow(4)), "--data", data];
  const began = performance.now();
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", (bytes) => {
        output += bytes;
        if (output.includes("Ctrl-C stops it")) resolve();
      });
      void ended.then(() => reject(new Error(`ended before it had started: ${output}`)));
    });
    const readyMs = Math.round(performance.now() - began);
    const pid = child.pid ?? 0;
    const atFirst = await memoryOf(await familyOf(pid));
    progress(`ready after ${readyMs} ms, with ${rounded(atFirst)} MB`);
    await setTimeout(SETTLES_MS);
    const shares: number[] = [];
    const megabytes: number[] = [];
    for (let minute = 1; minute <= idleMinutes; minute += 1) {
      const before = await ticksOf(await familyOf(pid));
      const from = performance.now();
      await setTimeout(60_000);
      const used = (await ticksOf(await familyOf(pid))) - before;
      shares.push((100 * used) / TICKS / ((performance.now() - from) / 1_000));
      megabytes.push(await memoryOf(await familyOf(pid)));
      progress(`minute ${minute}: ${rounded(shares.at(-1) ?? 0, 2)} % of a core, ${rounded(megabytes.at(-1) ?? 0)} MB`);
    }
    const [share, memory] = [largest(shares), largest(megabytes)];
    return {
      findings: [
        { what: "idle, of a core", result: `${rounded(share, 2)} %`, goal: `< ${MOST_CPU} %`, met: share < MOST_CPU },
        {
          what: "idle, memory (PSS)",
          result: `${rounded(memory)} MB`,
          goal: `< ${MOST_MEGABYTES} MB`,
          met: memory < MOST_MEGABYTES,
        },
        { what: "npm start until ready", result: `${readyMs} ms`, goal: null, met: null },
      ],
      details: { readyMs, memoryWhenReady: atFirst, shares, megabytes },
    };
  } finally {
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true, force: true });
  }
};

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

interface Process {
  pid: number;
  parent: number;
  ticks: number;
}

/** The process and all that descends from it. */
async function familyOf(pid: number): Promise<Process[]> {
  const all: Process[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => null);
    if (stat === null) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    all.push({ pid: Number(entry), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) });
  }
  const family = all.filter((one) => one.pid === pid);
  for (const { pid: parent } of family) for (const one of all) if (one.parent === parent) family.push(one);
  return family;
}

async function ticksOf(family: readonly Process[]): Promise<number> {
  return family.reduce((sum, { ticks }) => sum + ticks, 0);
}

/** In megabytes. */
async function memoryOf(family: readonly Process[]): Promise<number> {
  let kilobytes = 0;
  for (const { pid } of family) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
    kilobytes += Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1] ?? 0);
  }
  return kilobytes / 1_024;
}
