import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import * as z from "zod";
import { isRunning, readMark } from "../../infra/local/process-mark.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { freePorts } from "./local-process.ts";
import { sharedApp } from "./shared-stack.ts";

const MAIN = fileURLToPath(new URL("../../infra/local/main.ts", import.meta.url));

const endpointsSchema = z.strictObject({
  page: z.url(),
  api: z.string().endsWith("/v1"),
  subscriptions: z.url(),
  pageId: z.string().length(12),
  apiKey: z.string().startsWith("tcn_"),
  outbox: z.url(),
});

const later = afterTheTest();

interface Run {
  child: ChildProcess;
  output(): string;
  errors(): string;
  ended: Promise<number | null>;
}

function run(...argv: string[]): Run {
  const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let output = "";
  let errors = "";
  child.stdout?.on("data", (bytes) => {
    output += bytes;
  });
  child.stderr?.on("data", (bytes) => {
    errors += bytes;
  });
  const ended = once(child, "close").then(() => child.exitCode);
  later(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await ended;
  });
  return { child, output: () => output, errors: () => errors, ended };
}

/** Resolves when it is ready. Rejects with what it printed if it ends first. */
async function ready({ child, output, errors, ended }: Run): Promise<void> {
  const said = new Promise<void>((resolve) => {
    child.stdout?.on("data", () => {
      if (output().includes("Ctrl-C stops it")) resolve();
    });
  });
  const early = ended.then(() => Promise.reject(new Error(`ended before it was ready: ${output()}${errors()}`)));
  early.catch(() => {});
  await Promise.race([said, early]);
}

async function temporary(): Promise<string> {
  const folder = await temporaryFolder("start");
  later(folder.remove);
  return folder.path;
}

async function emulatorOf(dir: string) {
  const mark = await readMark(join(dir, "dynoxide.json"));
  if (mark === null) throw new Error("the table emulator left no mark");
  return mark;
}

it("says where everything is, survives being killed, refuses a second start, and leaves nothing behind", async () => {
  const dir = await temporary();
  const port = await freePorts();
  const options = ["--port", String(port), "--data", dir, "--app", await sharedApp()];
  const first = run(...options);
  await ready(first);
  const endpoints = endpointsSchema.parse(JSON.parse(await readFile(join(dir, "endpoints.json"), "utf8")));
  expect((await stat(join(dir, "endpoints.json"))).mode & 0o777).toBe(0o600);
  for (const value of [endpoints.page, endpoints.api, endpoints.apiKey]) expect(first.output()).toContain(value);

  const onItsPorts = run(...options, "--data", await temporary());
  expect(await onItsPorts.ended).toBe(1);
  expect(onItsPorts.errors()).toBe(`Port ${port} is in use: stop what has it, or choose others with --port\n`);
  const onItsData = run("--port", String(await freePorts()), "--data", dir);
  expect(await onItsData.ended).toBe(1);
  expect(onItsData.errors()).toBe(
    `${dir} is in use by process ${first.child.pid}: stop it, or choose another with --data\n`,
  );

  // Killed, it cannot end its child, which has the database and would lock the next start out: that ends by itself.
  const orphan = await emulatorOf(dir);
  first.child.kill("SIGKILL");
  await first.ended;
  const second = run(...options);
  await ready(second);
  expect(await isRunning(orphan)).toBe(false);
  expect(JSON.parse(await readFile(join(dir, "endpoints.json"), "utf8"))).toEqual(endpoints);

  const emulator = await emulatorOf(dir);
  second.child.kill("SIGTERM");
  expect(await second.ended).toBe(0);
  expect(second.errors()).toBe("");
  expect(await isRunning(emulator)).toBe(false);
  await expect(fetch(endpoints.page)).rejects.toThrow("fetch failed");
});

it("stops while it is still starting", async () => {
  const dir = await temporary();
  const started = run("--port", String(await freePorts()), "--data", dir);
  await once(started.child.stdout ?? started.child, "data");
  started.child.kill("SIGINT");
  expect(await started.ended).toBe(0);
  expect(started.errors()).toBe("");
  expect(await readMark(join(dir, "lock.json"))).toBeNull();
});

it("answers a wrong option with one line", async () => {
  const wrong = run("--mail-rate", "fast");
  expect(await wrong.ended).toBe(1);
  expect(wrong.errors()).toMatch(/^--mail-rate must be a whole number.*\n$/);
});
