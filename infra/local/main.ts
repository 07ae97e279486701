import { writeSync } from "node:fs";
import { runDemo } from "./demo/run-demo.ts";
import { useUtc } from "./env.ts";
import { oneLine, StartFailure } from "./failure.ts";
import { type LocalStack, startLocalStack } from "./local-stack.ts";
import { type CommandOptions, HELP, parseOptions } from "./options.ts";
import { whenStarterIsGone } from "./starter.ts";

useUtc();

// A second Ctrl-C, or one that npm passes on, must not cut the ending short. A stop that hangs must end all the same.
const STOPS_WITHIN_MS = 60_000;

async function main(): Promise<void> {
  const command = parseOptions(process.argv.slice(2));
  if (command.kind === "help") return say(HELP);
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  // The reader of the output has gone.
  process.stdout.on("error", () => stopping.abort());
  await whenStarterIsGone(() => stopping.abort());

  const stack = await startUnlessStopped(command.options, stopping.signal);
  if (stack === null) return;
  say(summary(stack, command.options.dataDir));
  try {
    if (command.options.demo) await demonstrate(stack, stopping.signal);
    if (!command.options.exit) await aborted(stopping.signal);
  } finally {
    setTimeout(() => process.exit(1), STOPS_WITHIN_MS).unref();
    await stack.stop();
  }
}

/** Null: it was stopped before it was ready, and nothing is left running. */
async function startUnlessStopped(options: CommandOptions, stopping: AbortSignal): Promise<LocalStack | null> {
  const { port } = options;
  const starting = startLocalStack({
    ...options,
    ports: { page: port, manage: port + 1, subscriptions: port + 2, outbox: port + 3 },
    stopping,
    report: (line) => {
      if (!stopping.aborted) say(line);
    },
  });
  const stack = await starting.catch((error) => {
    // Ctrl-C reaches the emulator too, so the start breaks off with an error that means nothing.
    if (stopping.aborted) return null;
    throw error;
  });
  if (stack !== null && stopping.aborted) await stack.stop();
  return stopping.aborted ? null : stack;
}

/** A demo that goes wrong is an error for somebody who runs it to check the installation. */
async function demonstrate({ endpoints }: LocalStack, stopping: AbortSignal): Promise<void> {
  const demo = runDemo(endpoints, say);
  // Once stopped, its calls fail: nobody wants to read about that.
  demo.catch(() => {});
  const result = await Promise.race([demo, aborted(stopping)]);
  if (result?.asExpected === false) process.exitCode = 1;
}

function summary({ endpoints: { page, api, pageId, apiKey, outbox } }: LocalStack, dataDir: string): string {
  const body = JSON.stringify({ incident: { name: "Uploads fail", status: "investigating", body: "We are looking." } });
  return `
Tocsin is running.

  Page      ${page}
  Mailbox   ${new URL("/", outbox)}
  API       ${api}/pages/${pageId}
  API key   ${apiKey}

Post an incident:

  curl ${api}/pages/${pageId}/incidents \\
    -H 'Authorization: OAuth ${apiKey}' -H 'Content-Type: application/json' \\
    -d '${body}'

State and logs are in ${dataDir}. Ctrl-C stops it.
`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function say(text: string): void {
  process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
}

try {
  await main();
  process.exit();
} catch (error) {
  const expected = error instanceof StartFailure;
  const text = expected || !(error instanceof Error) ? oneLine(error) : (error.stack ?? error.message);
  // Written at once: the process ends here, and a pipe would lose buffered output.
  writeSync(process.stderr.fd, `${text}\n`);
  process.exit(1);
}
