import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { portsInARow } from "../../infra/local/listen.ts";

const MAIN = fileURLToPath(new URL("../../infra/local/main.ts", import.meta.url));

export const endpointsSchema = z.object({
  page: z.string(),
  api: z.string(),
  subscriptions: z.string(),
  pageId: z.string(),
  apiKey: z.string(),
  outbox: z.string(),
});
export type LocalEndpoints = z.infer<typeof endpointsSchema>;

export interface LocalProcess {
  endpoints: LocalEndpoints;
  child: ChildProcess;
  output: () => string;
  /** Resolves with the exit code, or null if a signal ended it. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/**
 * `npm start` as its own process, the way people run it. Resolves when it says that it is running, however long that
 * takes, and rejects once it has ended. It ends with this process.
 */
export async function startProcess(options: {
  port: number;
  data: string;
  /** A synthesized app, in place of synthesizing it again: see shared-stack.ts. */
  app?: string;
  arguments?: string[];
  /** Its clock is ahead by so much: what happens after leases have run out, without the wait. */
  laterMs?: number;
}): Promise<LocalProcess> {
  const args = [MAIN, "--port", String(options.port), "--data", options.data, ...(options.arguments ?? [])];
  if (options.app !== undefined) args.push("--app", options.app);
  const clock = options.laterMs === undefined ? [] : ["--import", clockAhead(options.laterMs)];
  const child = spawn(process.execPath, [...clock, ...args], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  let output = "";
  child.stdout?.on("data", (data) => {
    output += String(data);
  });
  child.stderr?.on("data", (data) => {
    output += String(data);
  });
  let ended = false;
  child.once("close", () => {
    ended = true;
  });
  while (!output.includes("Tocsin is running")) {
    if (ended) throw new Error(`ended with ${child.exitCode ?? child.signalCode} before it had started: ${output}`);
    await setTimeout(50);
  }
  const text = await readFile(join(options.data, "endpoints.json"), "utf8");
  return {
    endpoints: endpointsSchema.parse(JSON.parse(text)),
    child,
    output: () => output,
    end: (signal) =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
        child.once("exit", (code) => resolve(code));
        child.kill(signal);
      }),
  };
}

/** A module that puts the clock ahead; functions' threads load it as well. */
function clockAhead(ms: number): string {
  const code = `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { given.length === 0 ? super(Real.now() + ${ms}) : super(...given); }
  static now() { return Real.now() + ${ms}; }
};`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** The first of the four in a row that a stack takes. */
export const freePorts = (): Promise<number> => portsInARow(4);

/** A call of the manage API, with its answer as parsed JSON. */
export async function callApi(
  { api, pageId, apiKey }: LocalEndpoints,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const answer = await fetch(`${api}/pages/${pageId}${path}`, {
    method,
    headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, json: await answer.json() };
}
