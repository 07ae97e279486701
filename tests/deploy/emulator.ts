import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { Agent, buildConnector, setGlobalDispatcher } from "undici";
import * as z from "zod";
import { ACCOUNT, REGION } from "../../infra/local/account.ts";
import { spawnBound } from "../../infra/local/bound-child.ts";
import { until } from "../fixtures/progress.ts";

const run = promisify(execFile);
const HERE = import.meta.dirname;

/** Said in one line; nothing is wrong with the project. */
export class NotHere extends Error {
  override name = "NotHere";
}

const callSchema = z.object({ who: z.string(), action: z.string(), on: z.string(), allowed: z.boolean() });
type Call = z.infer<typeof callSchema>;
const mailSchema = z.object({
  id: z.string(),
  to: z.string(),
  source: z.string(),
  configurationSet: z.string(),
  tags: z.record(z.string(), z.string()),
  raw: z.string(),
  /** Where the configuration set has SES publish what becomes of it. */
  topics: z.array(z.string()),
});
const eventSchema = z.union([
  z.object({ port: z.number() }),
  z.object({ call: callSchema }),
  z.object({ mail: mailSchema }),
  z.object({ log: z.string() }),
]);
type SentMail = z.infer<typeof mailSchema> & { at: number };

export interface Emulator {
  url: string;
  /** For commands that are to take it for AWS. */
  environment: Record<string, string>;
  certificate: string;
  /** What IAM was asked, for every call of a role. */
  calls: Call[];
  /** Rejects as soon as IAM refuses a call or a function logs an error: what waits for its effect would wait for long. */
  fault: Promise<never>;
  mails: SentMail[];
  /** Its own last lines. */
  said: () => string;
}

/** MiniStack as tests/deploy/emulator.py serves it, with IAM enforced. It ends with this process. `folder` holds all that it writes. */
export async function startEmulator(folder: string): Promise<Emulator> {
  const python = await pythonWithMiniStack();
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  // Of its own and not MiniStack's: that one has no names of APIs and distributions, and Node takes none for an authority that is not one.
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=MiniStack in a test"],
    ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:*.execute-api.localhost,DNS:*.cloudfront.net"],
    ...["-keyout", key, "-out", certificate],
  ]);
  // Nothing of the caller's: neither credentials nor settings of AWS. Functions run by the Node of this process.
  const common = {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ""}`,
    HOME: folder,
    TMPDIR: folder,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: REGION,
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_CA_BUNDLE: certificate,
  };
  const settings = {
    AUTH: "true",
    USE_SSL: "1",
    MINISTACK_SSL_CERT: certificate,
    MINISTACK_SSL_KEY: key,
    MINISTACK_REGION: REGION,
    MINISTACK_ACCOUNT_ID: ACCOUNT,
    SFTP_ENABLED: "0",
    IOT_MTLS_ENABLED: "0",
  };
  const child = spawnBound(python, [join(HERE, "emulator.py")], {
    output: "pipe",
    cwd: folder,
    env: { ...common, ...settings },
  });
  const [calls, mails, lines]: [Call[], SentMail[], string[]] = [[], [], []];
  const fault = Promise.withResolvers<never>();
  // It may come between two steps.
  fault.promise.catch(() => {});
  let port = 0;
  if (child.stdout === null || child.stderr === null) throw new Error("MiniStack was started without pipes");
  createInterface(child.stderr).on("line", (line) => {
    lines.push(line);
    lines.splice(0, lines.length - 40);
  });
  createInterface(child.stdout).on("line", (line) => {
    const event = eventSchema.parse(JSON.parse(line));
    if ("port" in event) port = event.port;
    if ("call" in event) {
      const { who, action, on, allowed } = event.call;
      calls.push(event.call);
      if (!allowed) fault.reject(new Error(`IAM refused ${who}: ${action} on ${on}`));
    }
    if ("mail" in event) mails.push({ ...event.mail, at: Date.now() });
    if ("log" in event && event.log.includes('"level":"error"'))
      fault.reject(new Error(`A function logged ${event.log}`));
  });
  const said = () => lines.join("\n");
  const ended = () => child.exitCode ?? child.signalCode;
  await until(
    "MiniStack's start",
    async () => {
      if (ended() !== null) throw new Error(`MiniStack ended with ${ended()}:\n${said()}`);
      return port !== 0 && lines.some((line) => line.includes("Running on"));
    },
    { moving: () => lines.length, said },
  );
  reachByName(port, await readFile(certificate, "utf8"));
  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    environment: { ...common, AWS_ENDPOINT_URL: url },
    certificate,
    calls,
    fault: fault.promise,
    mails,
    said,
  };
}

/** `fetch` finds the names of APIs and distributions where MiniStack serves them. */
function reachByName(port: number, ca: string): void {
  const connect = buildConnector({ ca });
  setGlobalDispatcher(
    new Agent({
      connect(options, callback) {
        const isTheirs = /\.(?:localhost|cloudfront\.net)$/.test(options.hostname);
        const there = { hostname: "127.0.0.1", port: String(port), servername: options.hostname };
        connect(isTheirs ? { ...options, ...there } : options, callback);
      },
    }),
  );
}

/** Of a virtual environment that is made once for these requirements, and again after `npm ci`. */
async function pythonWithMiniStack(): Promise<string> {
  for (const [command, ...args] of [
    ["python3", "-c", "import sys, venv, ensurepip; assert sys.version_info >= (3, 11)"],
    ["openssl", "version"],
  ] as const) {
    await run(command, args).catch(() => {
      throw new NotHere("python3 (3.11 or later, with venv) and openssl are not both on this machine");
    });
  }
  const place = join(HERE, "../../node_modules/.cache/ministack");
  const python = join(place, "bin/python");
  const requirements = join(HERE, "requirements.txt");
  const made = join(place, "requirements.txt");
  const wanted = await readFile(requirements, "utf8");
  if (existsSync(made) && (await readFile(made, "utf8")) === wanted) return python;
  await rm(place, { recursive: true, force: true });
  await mkdir(dirname(place), { recursive: true });
  await run("python3", ["-m", "venv", place]);
  const options = [
    "--require-hashes",
    "--only-binary",
    ":all:",
    "--disable-pip-version-check",
    "--no-input",
    "--quiet",
  ];
  await run(python, ["-m", "pip", "install", ...options, "--retries", "2", "-r", requirements]).catch((error) => {
    if (/connection|timed? ?out|network|name resolution|from versions: none/i.test(String(error))) {
      throw new NotHere("PyPI, which MiniStack comes from, cannot be reached");
    }
    throw error;
  });
  await run("cp", [requirements, made]);
  return python;
}
