import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { buildSync } from "esbuild";
import { bundledFiles, bundledSteps, bundleOptions } from "../infra/constructs/bundle.ts";
import { sdkEnvironment } from "../infra/local/services.ts";
import { type Bench, compare, type Finding, median, rounded } from "./measurement.ts";

const ROUNDS = 7;
const LARGEST_BYTES = 450_000;
const SLOWEST = 1.15;
const MODULE = "index.mjs";
const ROOT = join(import.meta.dirname, "..");

/** These render what people read or route requests, which their clients alone do not: reported, and nothing demanded. */
const APART = new Set(["plan-notifications", "publish-page", "manage-api", "subscription-api"]);

const CLIENTS: Record<string, string> = {
  dynamodb: "DynamoDBClient",
  s3: "S3Client",
  ses: "SESClient",
  sns: "SNSClient",
  sqs: "SQSClient",
};

/** Whatever any env.ts asks for: loading a bundle parses it. */
const ENVIRONMENT = {
  STATUS_TABLE: "status",
  SUBSCRIBERS_TABLE: "subscribers",
  DELIVERIES_TABLE: "deliveries",
  ACCESS_TABLE: "access",
  KEYS_TABLE: "keys",
  EMAIL_QUEUE_URL: "https://queue.example/email.fifo",
  SMS_QUEUE_URL: "https://queue.example/sms.fifo",
  WEBHOOK_QUEUE_URL: "https://queue.example/webhook.fifo",
  WEBHOOK_RETRY_QUEUE_URL: "https://queue.example/retry",
  PROBES_QUEUE_URL: "https://queue.example/probes",
  LETTERS_QUEUE_URL: "https://queue.example/letters",
  SMS_LETTERS_QUEUE_URL: "https://queue.example/sms-letters",
  PLAN_QUEUE_URL: "https://queue.example/plan",
  PUBLISH_QUEUE_URL: "https://queue.example/publish",
  TOPIC_ARN: "arn:aws:sns:eu-central-1:000000000000:topic",
  SITE_BUCKET: "site",
  PAGE_URL: "https://status.example",
  SUBSCRIPTIONS_URL: "https://subscriptions.example",
  MAIL_FROM: "status@example.com",
  CONFIGURATION_SET: "set",
  SMS_MAX_PRICE: "0.1",
  SMS_COUNTRIES: "DE",
  SMS_DAILY_CEILING: "20",
  SMS_SENDER_ID: "",
  WEBHOOK_TARGETS: "public",
  SIGN_UP_PAGE_URL: "",
  CAPTCHA_VERIFY_URL: "",
  CAPTCHA_SECRET: "",
};

/**
 * Each function's bundle as it is deployed: its size, and how long a fresh Node takes to load it, against a bundle that
 * makes the same SDK clients and holds nothing else. Source maps are on for both, as they are on Lambda.
 */
export const bench: Bench = async ({ progress }) => {
  const folder = await mkdtemp(join(ROOT, "node_modules", ".bench-"));
  try {
    const findings: Finding[] = [];
    const details: Record<string, unknown> = {};
    for (const step of bundledSteps()) {
      const ours = join(folder, step);
      const limit = join(folder, `${step}-clients`);
      const clients = clientsIn(step);
      const bytes = await writeModule(ours, bundledFiles(step));
      const clientBytes = await writeModule(limit, clientsAlone(clients));
      const compared = await compare(
        ROUNDS,
        () => loadTime(ours),
        () => loadTime(limit),
      );
      progress(`${step}: ${rounded(compared.ratio, 2)} x, ${rounded(bytes / 1_000)} kB`);
      const apart = APART.has(step);
      findings.push(
        {
          what: `${step}: load time against its SDK clients alone`,
          result: `${rounded(median(compared.ours))} / ${rounded(median(compared.limit))} ms = ${rounded(compared.ratio, 2)} x`,
          goal: apart ? null : `<= ${SLOWEST}`,
          met: apart ? null : compared.ratio <= SLOWEST,
        },
        {
          what: `${step}: minified (clients alone: ${rounded(clientBytes / 1_000)} kB)`,
          result: `${rounded(bytes / 1_000)} kB`,
          goal: apart ? null : `<= ${LARGEST_BYTES / 1_000} kB`,
          met: apart ? null : bytes <= LARGEST_BYTES,
        },
      );
      details[step] = { bytes, clientBytes, clients, milliseconds: compared };
    }
    return { findings, details };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The AWS clients that its bundle holds. */
function clientsIn(step: string): string[] {
  const { metafile } = buildSync({
    ...bundleOptions,
    entryPoints: [join(ROOT, "functions", step, "handler.ts")],
    outdir: ROOT,
    metafile: true,
  });
  const inputs = Object.keys(metafile.inputs).join("\n");
  return Object.keys(CLIENTS).filter((client) => inputs.includes(`@aws-sdk/client-${client}/`));
}

function clientsAlone(clients: readonly string[]) {
  const imports = clients.map((client) => `import { ${CLIENTS[client]} } from "@aws-sdk/client-${client}";`);
  const made = clients.map((client) => `new ${CLIENTS[client]}({})`);
  const { outputFiles } = buildSync({
    ...bundleOptions,
    stdin: { contents: `${imports.join("\n")}\nexport const clients = [${made.join(", ")}];`, resolveDir: ROOT },
    outfile: join(ROOT, MODULE),
  });
  return outputFiles.map(({ path, contents }) => ({ name: basename(path), contents }));
}

/** Returns the bytes of the module without its source map. */
async function writeModule(folder: string, files: readonly { name: string; contents: Uint8Array }[]): Promise<number> {
  await mkdir(folder);
  for (const { name, contents } of files) await writeFile(join(folder, name), contents);
  return files.find(({ name }) => name === MODULE)?.contents.length ?? Number.NaN;
}

/** Milliseconds that a fresh process takes to import the module. */
async function loadTime(folder: string): Promise<number> {
  const script = `const began = performance.now(); await import(${JSON.stringify(join(folder, MODULE))}); console.log(performance.now() - began); process.exit();`;
  const child = spawn(process.execPath, ["--enable-source-maps", "--input-type=module", "--eval", script], {
    env: {
      ...ENVIRONMENT,
      ...sdkEnvironment({ dynamodb: "http://127.0.0.1:9", fauxqs: "http://127.0.0.1:9", ses: "http://127.0.0.1:9" }),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const printed = text(child.stdout);
  const [code] = await once(child, "exit");
  const milliseconds = Number.parseFloat(await printed);
  // A bundle that does not load is no fast one.
  if (code !== 0 || !(milliseconds > 0)) throw new Error(`${folder} could not be loaded: see above`);
  return milliseconds;
}
