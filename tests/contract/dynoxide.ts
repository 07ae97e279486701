import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Endpoint of the DynamoDB-compatible server, or null where there is none for this platform. */
    dynamoEndpoint: string | null;
  }
}

const START_ATTEMPTS = 5;
const READY_WITHIN_MS = 10_000;

/** One server for the whole contract suite. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const binary = dynoxideBinary();
  if (binary === null) {
    console.warn("contract: no dynoxide for this platform; only the in-memory fakes are tested");
    project.provide("dynamoEndpoint", null);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), "tocsin-contract-"));
  const server = await start(binary, join(folder, "tables.db"));
  project.provide("dynamoEndpoint", server.endpoint);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

function dynoxideBinary(): string | null {
  try {
    const { resolve } = createRequire(import.meta.url);
    return resolve(`@dynoxide/${process.platform}-${process.arch}/dynoxide`);
  } catch {
    return null;
  }
}

interface Server {
  endpoint: string;
  stop(): Promise<void>;
}

/** A free port may be taken between finding and using it: then another one is tried. */
async function start(binary: string, database: string): Promise<Server> {
  for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
    const server = await startOn(await freePort(), binary, database);
    if (server !== null) return server;
  }
  throw new Error(`dynoxide did not start in ${START_ATTEMPTS} attempts`);
}

async function startOn(port: number, binary: string, database: string): Promise<Server | null> {
  const child = spawn(binary, ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", database], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!gone && Date.now() < giveUpAt) {
    if ((await answers(endpoint)) && !gone) {
      return {
        endpoint,
        async stop() {
          child.kill();
          await exited;
        },
      };
    }
    await sleep(20);
  }
  child.kill();
  return null;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
