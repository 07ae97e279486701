import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { spawnBound } from "../../infra/local/bound-child.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { marked, type Seen } from "../fixtures/processes.ts";
import { until } from "../fixtures/progress.ts";
import { freePorts } from "./local-process.ts";
import { sharedApp } from "./shared-stack.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = fileURLToPath(new URL("../../infra/local/main.ts", import.meta.url));
const later = afterTheTest();

/** Runs a command under a mark of its own; whatever is left of it at the end of the test is killed. */
function start(command: string, argv: readonly string[]) {
  const mark = `TOCSIN_FAMILY=${randomBytes(8).toString("hex")}`;
  const [name = "", value] = mark.split("=");
  const child = spawn(command, argv, {
    cwd: PROJECT,
    env: { ...process.env, [name]: value },
    stdio: ["ignore", "pipe", "pipe"],
  });
  later(async () => {
    for (const { pid } of await marked(mark)) process.kill(pid, "SIGKILL");
  });
  let output = "";
  const collect = (bytes: Buffer) => {
    output += bytes;
  };
  child.stdout?.on("data", collect);
  child.stderr?.on("data", collect);
  const says = (text: string) =>
    until(`"${text}"`, () => {
      if (child.exitCode !== null) throw new Error(`ended: ${output}`);
      return output.includes(text);
    });
  return { child, mark, says };
}

async function nobodyOf(mark: string): Promise<void> {
  let left: Seen[] = [];
  await until(
    "the end of all",
    async () => {
      left = await marked(mark);
      return left.length === 0;
    },
    { moving: () => left.length, said: () => JSON.stringify(left) },
  );
}

async function npmStart() {
  const folder = await temporaryFolder("killed");
  later(folder.remove);
  const options = ["--port", String(await freePorts()), "--data", folder.path, "--app", await sharedApp()];
  const started = start("npm", ["start", "--", ...options]);
  await started.says("Ctrl-C stops it");
  return started;
}

const LEVELS: Record<string, (child: ChildProcess, all: Seen[]) => number | undefined> = {
  npm: (child) => child.pid,
  "the shell that npm runs it in": (child, all) => all.find(({ parent }) => parent === child.pid)?.pid,
  "the stack": (_, all) => all.find(({ command }) => /^\S*node \S*infra\/local\/main\.ts/.test(command))?.pid,
};

it.each(Object.keys(LEVELS))("leaves nothing behind when %s is killed", async (level) => {
  const { child, mark } = await npmStart();
  const all = await marked(mark);
  expect(all.filter(({ command }) => command.includes("dynoxide serve")).length).toBeGreaterThan(0);
  const pid = LEVELS[level]?.(child, all);
  if (pid === undefined) throw new Error(`no such process among ${JSON.stringify(all)}`);
  process.kill(pid, "SIGKILL");
  await nobodyOf(mark);
});

it("leaves nothing behind when it is killed while it still bundles", async () => {
  const folder = await temporaryFolder("killed");
  later(folder.remove);
  const options = ["--port", String(await freePorts()), "--data", folder.path];
  const { child, mark } = start(process.execPath, [MAIN, ...options]);
  await until("the app's process", async () =>
    (await marked(mark)).some(({ command }) => /^\S*node \S*infra\/local\/app\.ts/.test(command)),
  );
  child.kill("SIGKILL");
  await nobodyOf(mark);
});

it("leaves nothing behind when the program that gave it a channel is killed", async () => {
  const folder = await temporaryFolder("killed");
  later(folder.remove);
  const argv = [MAIN, "--port", String(await freePorts()), "--data", folder.path, "--app", await sharedApp()];
  const starter = `require("node:child_process").spawn(process.execPath, ${JSON.stringify(argv)}, {
    env: { ...process.env, npm_lifecycle_event: undefined },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  })`;
  const { child, mark, says } = start(process.execPath, ["--eval", starter]);
  await says("Ctrl-C stops it");
  child.kill("SIGKILL");
  await nobodyOf(mark);
});

it("keeps a bound child's pid, exit code and signals", async () => {
  const ended = (child: ChildProcess) =>
    new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const script = [
    "--eval",
    "console.log(process.pid); if (process.argv[1]) process.exit(7); setInterval(() => {}, 1e6)",
  ];
  const exits = spawnBound(process.execPath, [...script, "now"], { output: "ignore" });
  expect(await ended(exits)).toBe(7);
  const stays = spawnBound(process.execPath, script, { output: "pipe" });
  const said = await new Promise((resolve) => stays.stdout?.once("data", resolve));
  expect(Number(String(said))).toBe(stays.pid);
  stays.kill("SIGTERM");
  expect(await ended(stays)).toBe("SIGTERM");
});
