import type { ChildProcess } from "node:child_process";
import { randomInt } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnBound } from "../bound-child.ts";
import type { DataDir } from "../data-dir.ts";
import { oneLine, StartFailure } from "../failure.ts";
import { HOST } from "../listen.ts";
import { isRunning, markOf, readMark } from "../process-mark.ts";

export interface Dynoxide {
  url: string;
  stop(): Promise<void>;
}

const PID_FILE = "dynoxide.json";
const LOG = "dynoxide.log";
// Two hundred a second, fewer on a machine with much else to do. An emulator that cannot listen ends by itself.
const LOOKS_FOR_AN_ANSWER = 12_000;
const STOPS_WITHIN_MS = 2000;
const ATTEMPTS = 5;

/**
 * The tables' database, in a file of the data directory. One from an earlier start that was killed may be just ending,
 * so it is ended first.
 */
export async function startDynoxide(dir: DataDir): Promise<Dynoxide> {
  const binary = dynoxideBinary();
  if (binary === null) {
    throw new StartFailure(
      `The table emulator ${PACKAGE} is not installed: run npm ci without --omit=optional, or name a DynamoDB of your own with --dynamodb http://…`,
    );
  }
  await endStale(dir);
  for (let attempt = 1; ; attempt++) {
    const place = aPlace();
    const child = await launch(binary, place, dir);
    const outcome = await untilAnswering(child, place);
    if (outcome === "answers") {
      return { url: `http://${place.host}:${place.port}`, stop: () => end(child, dir) };
    }
    await end(child, dir);
    // Something else may have the port.
    if (attempt === ATTEMPTS) {
      const said = (await readFile(dir.file(LOG), "utf8")).trim().split("\n").at(-1);
      throw new StartFailure(`The table emulator ${outcome}: ${said || `see ${dir.file(LOG)}`}`);
    }
  }
}

interface Place {
  host: string;
  port: number;
}

/**
 * A place where no web page finds it. It answers any Host and Origin, and a guard in front of it would double the cost
 * of every call. All of 127.0.0.0/8 is this machine (RFC 1122, 3.2.1.3), on Linux without any setup: an address and a
 * port drawn together are one of 10^12, and a page can try a few thousand in a second.
 */
function aPlace(): Place {
  const drawn = [randomInt(1, 255), randomInt(256), randomInt(1, 255)];
  return { host: process.platform === "linux" ? `127.${drawn.join(".")}` : HOST, port: randomInt(1024, 65_536) };
}

const PACKAGE = `@dynoxide/${process.platform}-${process.arch}`;

/** Its path, or null if its package for this platform is not installed. */
export function dynoxideBinary(): string | null {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), "dynoxide");
  } catch {
    return null;
  }
}

async function launch(binary: string, { host, port }: Place, dir: DataDir): Promise<ChildProcess> {
  // The log is a file, not a pipe: a child that outlives its parent must not keep the caller's output open.
  const log = openSync(dir.file(LOG), "w", 0o600);
  const child = spawnBound(
    binary,
    ["serve", "--host", host, "--port", String(port), "--db-path", dir.file("tables.sqlite")],
    { output: log },
  );
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    const error = await new Promise((resolve) => child.once("error", resolve));
    throw new StartFailure(`The table emulator ${binary} cannot be run: ${oneLine(error)}`);
  }
  await writeFile(dir.file(PID_FILE), JSON.stringify(await markOf(pid)));
  return child;
}

async function untilAnswering(child: ChildProcess, place: Place): Promise<"answers" | "ended" | "does not answer"> {
  for (let look = 0; look < LOOKS_FOR_AN_ANSWER; look += 1) {
    if (hasEnded(child)) return "ended";
    if (await accepts(place)) return hasEnded(child) ? "ended" : "answers";
    await sleep(5);
  }
  return "does not answer";
}

function accepts({ host, port }: Place): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function end(child: ChildProcess, dir: DataDir): Promise<void> {
  if (!hasEnded(child)) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN_MS);
    await ended;
    clearTimeout(timer);
  }
  await rm(dir.file(PID_FILE), { force: true });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function endStale(dir: DataDir): Promise<void> {
  const mark = await readMark(dir.file(PID_FILE));
  if (mark === null || !(await isRunning(mark))) return;
  process.kill(mark.pid, "SIGKILL");
  while (await isRunning(mark)) await sleep(5);
  await rm(dir.file(PID_FILE), { force: true });
}
