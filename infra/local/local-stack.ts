import { setTimeout as sleep } from "node:timers/promises";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import type { Locale } from "../../functions/core/locale.ts";
import { Activity } from "./activity.ts";
import { openCheckpoints } from "./checkpoints.ts";
import { type Endpoints, openDataDir, writeEndpoints } from "./data-dir.ts";
import { startDynoxide } from "./emulators/dynoxide.ts";
import { startFauxqs } from "./emulators/fauxqs.ts";
import { type MailLimits, startMailFront } from "./emulators/mail-front.ts";
import { serveMailbox } from "./emulators/mailbox-server.ts";
import { type Outbox, openOutbox } from "./emulators/outbox.ts";
import { StartFailure } from "./failure.ts";
import { openFunctionLog } from "./function-log.ts";
import { HOST, requireFree } from "./listen.ts";
import type { LocalFunction } from "./local-function.ts";
import type { LocalSettings } from "./local-settings.ts";
import { provisionStacks } from "./provision.ts";
import { INERT_KINDS, runnableKinds } from "./resources/catalog.ts";
import { seed } from "./seed.ts";
import {
  type Clients,
  clientsFor,
  type Emulators,
  FunctionRegistry,
  PHASES,
  type Phase,
  type Services,
  sdkEnvironment,
} from "./services.ts";
import { synthesize, synthesizedEarlier } from "./synthesize.ts";

interface LocalPorts {
  page: number;
  manage: number;
  subscriptions: number;
  outbox: number;
}

export interface LocalStackOptions {
  ports: LocalPorts;
  dataDir: string;
  webhookTargets: "any" | "public";
  /** SES's MaxSendRate: emails per second. */
  mailRate: number;
  sweepSeconds: number;
  /** The language of the page that the first start makes; English if left out. */
  locale?: Locale;
  /** The cdk.out of an earlier start, to run its stacks instead of synthesizing them. */
  app?: string | null;
  /** A DynamoDB that the caller runs, in place of the bundled one. */
  dynamodb: string | null;
  /** Breaks the start off; a stack that has started is ended by its `stop`. */
  stopping?: AbortSignal;
  /** One line on how far the start has come, or with a function's complaint. */
  report(line: string): void;
}

export interface LocalStack {
  endpoints: Endpoints;
  outbox: Outbox;
  /** SES's limits, in force for the next call. */
  setMailLimits(limits: Partial<MailLimits>): void;
  /** By the name of its step, such as `sweep`. */
  functionNamed(name: string): LocalFunction;
  clients: Clients;
  /** The value of an output of the stacks, such as `StatusTableName`. */
  output(name: string): Promise<string>;
  stop(): Promise<void>;
}

// An invocation may run for a minute. Nobody waits that long for Ctrl-C, and the next start takes up what is cut off.
const STOP_STEP_MS = 1500;
// A hundred a second, fewer on a machine with much else to do.
const LOOKS_FOR_THE_PAGE = 12_000;

/** Starts everything and resolves when the page is served. Throws StartFailure, one line, with nothing left running. */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let step = stops.pop(); step !== undefined; step = stops.pop()) {
      await Promise.race([step().catch(() => {}), sleep(STOP_STEP_MS, null, { ref: false })]);
    }
  };
  try {
    return await start(options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: LocalStackOptions,
  stops: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<LocalStack> {
  const { ports, report, stopping = new AbortController().signal } = options;
  await requireFree(Object.values(ports));
  const dir = await openDataDir(options.dataDir);
  stops.push(dir.close);
  const log = openFunctionLog({ path: dir.file("functions.log"), report, clock: Date.now });
  stops.push(log.close);
  const checkpoints = await openCheckpoints(dir.file("checkpoints.json"));
  stops.push(checkpoints.close);
  const outbox = await openOutbox(dir.file("outbox.jsonl"), Date.now);
  stops.push(outbox.close);

  if (!options.app) report("Bundling the functions and synthesizing the stacks…");
  const addresses = {
    page: `http://${HOST}:${ports.page}`,
    manage: `http://${HOST}:${ports.manage}`,
    subscriptions: `http://${HOST}:${ports.subscriptions}`,
  };
  const settings: LocalSettings = {
    pageUrl: addresses.page,
    manageUrl: addresses.manage,
    subscriptionsUrl: addresses.subscriptions,
    webhookTargets: options.webhookTargets,
    emailsPerSecond: options.mailRate,
  };
  const synthesizing = options.app
    ? synthesizedEarlier(options.app, settings)
    : synthesize(dir.file("cdk.out"), settings, stopping);
  // Its failure is handled further down, when the emulators are up.
  synthesizing.catch(() => {});
  const mail = await startMailFront(outbox, { perSecond: options.mailRate }, Date.now);
  stops.push(mail.stop);
  const fauxqs = await startFauxqs(outbox);
  stops.push(fauxqs.stop);
  const dynoxide = options.dynamodb === null ? await startDynoxide(dir) : null;
  if (dynoxide !== null) stops.push(dynoxide.stop);
  const emulators: Emulators = {
    dynamodb: dynoxide?.url ?? options.dynamodb ?? "",
    fauxqs: fauxqs.url,
    ses: mail.url,
  };
  stops.push(await serveMailbox({ port: ports.outbox, outbox, log }));

  const assembly = await synthesizing;
  report("Starting the functions…");
  const clients = clientsFor(emulators);
  const functions = new FunctionRegistry();
  const phases = new Map<Phase, (() => Promise<void>)[]>(PHASES.map((phase) => [phase, []]));
  const apiPorts = new Map([
    ["manage-api", ports.manage],
    ["subscription-api", ports.subscriptions],
  ]);
  const services: Services = {
    clients,
    sdkEnvironment: { ...sdkEnvironment(emulators), AWS_CONFIG_FILE: dir.file("no-config") },
    assetFolder: assembly.assetFolder,
    functions,
    activity: new Activity(),
    log,
    checkpoints,
    sweepMs: options.sweepSeconds * 1000,
    apiPort: (name) => apiPorts.get(name) ?? null,
    pagePort: ports.page,
    cacheControlOf: fauxqs.cacheControlOf,
    corsRules: new Map(),
    addFeedbackDestination: mail.addDestination,
    at: (phase, action) => phases.get(phase)?.push(action),
    whenStopped: (action) => stops.push(action),
  };
  const { output } = await provisionStacks(assembly.stacks, { run: runnableKinds(), inert: INERT_KINDS }, services);
  const run = async (phase: Phase) => {
    stopping.throwIfAborted();
    const outcomes = await Promise.allSettled((phases.get(phase) ?? []).map((action) => action()));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  };
  await run("load");
  await run("serve");
  const credentials = await seed({
    client: clients.dynamodb,
    statusTable: await output("StatusTableName"),
    deliveriesTable: await output("DeliveriesTableName"),
    accessTable: await output("AccessTableName"),
    keysTable: await output("KeysTableName"),
    dir,
    locale: options.locale ?? "en",
    clock: Date.now,
  });
  await run("schedule");
  await untilPublished(clients, await output("SiteBucketName"));

  const endpoints: Endpoints = {
    page: addresses.page,
    api: `${addresses.manage}/v1`,
    subscriptions: addresses.subscriptions,
    ...credentials,
    outbox: `http://${HOST}:${ports.outbox}/outbox`,
  };
  await writeEndpoints(dir, endpoints);
  return {
    endpoints,
    outbox,
    setMailLimits: mail.setLimits,
    functionNamed(name) {
      const found = functions.find(name);
      if (found === null) throw new Error(`There is no function ${name}`);
      return found;
    },
    clients,
    output,
    stop,
  };
}

/** The bucket begins empty: without this, a stack that says it is ready would have no page yet. */
async function untilPublished({ s3 }: Clients, bucket: string): Promise<void> {
  for (let look = 0; look < LOOKS_FOR_THE_PAGE; look += 1) {
    const published = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: "index.html" })).then(
      () => true,
      () => false,
    );
    if (published) return;
    await sleep(10);
  }
  throw new StartFailure("The page was not published: see functions.log in the data directory");
}
