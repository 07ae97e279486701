import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { join } from "node:path";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { SESClient, VerifyDomainIdentityCommand } from "@aws-sdk/client-ses";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import * as z from "zod";
import { readOptions } from "../../infra/command.ts";
import { ACCOUNT, REGION } from "../../infra/local/account.ts";
import { apiClient } from "../../infra/local/demo/api-client.ts";
import { startReceivers } from "../../infra/local/demo/receivers.ts";
import { runDemo } from "../../infra/local/demo/run-demo.ts";
import { feedbackOn } from "../../infra/local/emulators/mailbox-simulator.ts";
import { temporaryFolder } from "../fixtures/clean-up.ts";
import { marked } from "../fixtures/processes.ts";
import { until } from "../fixtures/progress.ts";
import { command } from "./commands.ts";
import { type Emulator, NotHere, startEmulator } from "./emulator.ts";
import { serveOutbox } from "./outbox.ts";

const USAGE = `Deploys the stacks to MiniStack with IAM enforced, and looks at what follows.

  npm run test:deploy -- [--withhold STEP:ACTION]

  --withhold   takes a grant from a step, such as send-email:ses:SendRawEmail: then the test must fail`;

/** What .ci/run takes for "not run here". */
const SKIPPED = 77;
const SENDER_DOMAIN = "status.example";
/** Verified too, as recipients are in SES's sandbox. */
const READER_DOMAIN = "example.org";
const SETTINGS = {
  region: REGION,
  account: ACCOUNT,
  // SES takes the domain above for it, which is the one that is verified.
  mailFrom: `status@mail.${SENDER_DOMAIN}`,
  alarmEmail: `oncall@${SENDER_DOMAIN}`,
  sms: { countries: ["DE"] },
};
const STEPS = 9;

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));
const pageSchema = z.object({ page: z.string(), key: z.string() });

const { values } = readOptions(USAGE, { options: { withhold: { type: "string" } } });
const folder = await temporaryFolder("deploy");
const began = performance.now();
let passed = 0;

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, async () => {
    interrupted = true;
    console.error(`\n${signal}: ends what it started`);
    await cleanUp();
    process.exit(1);
  });
}

let emulator: Emulator | null = null;
let failed = 0;
try {
  emulator = await step("MiniStack starts", () => startEmulator(folder.path));
  await deployAndTry(emulator);
} catch (error) {
  // What it started ends under its hands then.
  if (interrupted) await new Promise<never>(() => {});
  if (error instanceof NotHere) {
    console.log(`Skipped: ${error.message}.`);
    await cleanUp();
    process.exit(process.env.CI ? SKIPPED : 0);
  }
  failed = 1;
  console.error(`  ✗ ${error instanceof Error ? error.stack : error}`);
  if (emulator !== null) explain(emulator);
}
await cleanUp();
console.log(`${passed} passed, ${failed} failed (${Math.round((performance.now() - began) / 1_000)} s)`);
process.exit(failed);

async function deployAndTry(aws: Emulator): Promise<void> {
  const clients = clientsOf(aws, await readFile(aws.certificate, "utf8"));
  const settingsFile = join(folder.path, "tocsin.config.ts");
  const env = { ...aws.environment, CI: "true", TOCSIN_CONFIG: settingsFile };
  const set = (more: object = {}) =>
    writeFile(settingsFile, `export default ${JSON.stringify({ ...SETTINGS, ...more })}`);
  await set();
  const outputsFile = join(folder.path, "outputs.json");
  const withheld = values.withhold === undefined ? "" : ` --withhold '${values.withhold}'`;
  const cdk = (args: readonly string[], options = "") => {
    const app = `${process.execPath} tests/deploy/app.ts${withheld}${options}`;
    const places = ["--app", app, "--output", join(folder.path, "cdk.out")];
    return command("node_modules/aws-cdk/bin/cdk", [...args, ...places], env);
  };
  const deploy = async (options?: string) => {
    const args = ["deploy", "--all", "--require-approval", "never", "--outputs-file", outputsFile];
    const lines = await cdk(args, options);
    return { lines, outputs: outputsSchema.parse(JSON.parse(await readFile(outputsFile, "utf8"))) };
  };

  await step("cdk bootstrap", () => cdk(["bootstrap"]));
  await step("the sender's domain is verified, and a recipient", async () => {
    for (const Domain of [SENDER_DOMAIN, READER_DOMAIN]) {
      await clients.ses.send(new VerifyDomainIdentityCommand({ Domain }));
    }
  });
  const first = await step("cdk deploy", () => deploy());
  const deployed = all(first.outputs);
  const made = await step("create-page", async () => {
    const args = ["--name", "Acme", "--time-zone", "Europe/Berlin", "--outputs", outputsFile];
    const said = (await command("infra/create-page.ts", args, env)).join("\n");
    return pageSchema.parse({ page: /^Page +(\w+)/m.exec(said)?.[1], key: /^API key +(\w+)/m.exec(said)?.[1] });
  });
  const api = apiClient({ api: `${deployed("ManageUrl")}/v1`, apiKey: made.key, pageId: made.page });
  const operator = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    // By the spare address: the rest of the test uses the other.
    const answer = await fetch(`${deployed("ManageSpareUrl")}/v1/pages/${made.page}${path}`, {
      method,
      headers: { authorization: `OAuth ${made.key}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`);
    return text;
  };
  const page = (path = "") => fetch(`${deployed("PageUrl")}/${path}`).then((answer) => answer.text());
  await step("the page is served", () => until("the page", async () => (await page()).includes("Acme")));

  // One reader of each kind; the first receiver of the demo's fails on purpose, the second is taken.
  const receivers = await startReceivers(2);
  const [, receiver] = receivers.all;
  assert(receiver !== undefined);
  const active = { skip_confirmation_notification: true };
  const readers = await step("subscribers by email, SMS and webhook are added", async () => {
    const email = await api.createSubscriber({ email: `reader@${READER_DOMAIN}`, ...active });
    const sms = await api.createSubscriber({ phone_country: "DE", phone_number: "+4915112345678", ...active });
    const webhook = await api.createWebhook({ endpoint: receiver.url, email: "builder@example.org", ...active });
    receiver.secret = webhook.signing_secret;
    return [email, sms, webhook].map(({ id }) => id);
  });
  const told = async (incident: string, update: string) => {
    const report = await until(`every delivery of ${update}`, async () => {
      const now = await api.report(incident, update);
      return now.state === "complete" && now;
    });
    return report.channels;
  };
  const mailsTo = (address: string) => aws.mails.filter(({ to }) => to === address);

  const incident = await step("an incident reaches page, mail, SMS and webhook", async () => {
    const opened = await api.openIncident({ name: "Slow answers", status: "investigating", body: "We look into it." });
    const [update] = opened.incident_updates;
    assert(update !== undefined);
    const channels = await told(opened.id, update.id);
    for (const channel of [channels.email, channels.sms, channels.webhook]) {
      assert.deepEqual([channel.audience, channel.accepted], [1, 1]);
    }
    assert.equal(mailsTo(`reader@${READER_DOMAIN}`).length, 1);
    assert.deepEqual(
      receiver.receipts.map(({ updateId }) => updateId),
      [update.id],
      "one webhook, rightly signed",
    );
    await until("the incident on the page", async () => (await page()).includes("Slow answers"));
    return opened.id;
  });

  await step("a bounce puts its address into quarantine", async () => {
    const address = "bounce+1@simulator.amazonses.com";
    const { id } = await api.createSubscriber({ email: address, ...active });
    await api.updateIncident(incident, { body: "Still looking." });
    const mail = await until("the mail that bounces", () => mailsTo(address)[0]);
    const report = feedbackOn(mail, Date.now())?.report;
    assert.equal(mail.topics.length, 1, "the configuration set names one topic");
    await clients.sns.send(new PublishCommand({ TopicArn: mail.topics[0], Message: JSON.stringify(report) }));
    await until("the quarantine", async () => (await api.getSubscriber(id)).state === "quarantined");
  });

  await step("operators read, have a delivery sent again, and manage keys", async () => {
    const [reader = "", , endpoint = ""] = readers;
    const [update] = (await api.getIncident(incident)).incident_updates;
    assert(update !== undefined);
    await told(incident, update.id);
    const deliveries = `/incidents/${incident}/incident_updates/${update.id}/deliveries`;
    const lists = ["/incidents", "/incidents/unresolved", "/subscribers", "/subscribers/export", "/api_keys"];
    for (const path of [...lists, `${deliveries}/problems`, `/subscribers/${reader}/deliveries`])
      await operator("GET", path);
    const before = mailsTo("reader@example.org").length;
    await operator("POST", `${deliveries}/${reader}/resend`);
    await until("the mail sent again", () => mailsTo("reader@example.org").length > before);
    const once = { "idempotency-key": "rotate-once" };
    const rotate = () => operator("POST", `/subscribers/${endpoint}/rotate_secret`, {}, once);
    assert.equal(await rotate(), await rotate(), "rotated once");
    await command(
      "infra/keys/main.ts",
      ["create", "--name", "ci", "--scopes", "incidents:read", "--days", "1", "--outputs", outputsFile],
      env,
    );
  });

  await step("another version is deployed while updates go out", async () => {
    receiver.receipts.length = 0;
    const updates: string[] = [];
    let deploying = true;
    const posting = (async () => {
      while (deploying) {
        const answer = await api.updateIncident(incident, { body: `Update ${updates.length + 1}.` });
        const [newest] = answer.incident_updates;
        assert(newest !== undefined);
        updates.push(newest.id);
        await told(incident, newest.id);
      }
    })();
    const changed = await Promise.race([deploy(" --changed"), posting.then(() => assert.fail("posting ended"))]);
    deploying = false;
    await posting;
    const functions = changed.lines.filter((line) => /UPDATE_COMPLETE +\| AWS::Lambda::Function /.test(line));
    assert.equal(functions.length, STEPS, "every function was changed");
    assert.deepEqual(changed.outputs, first.outputs, "no address and no table is another");
    assert.deepEqual(
      receiver.receipts.map(({ updateId }) => updateId),
      updates,
      "each update once, in order",
    );
    console.log(`      ${updates.length} updates meanwhile, each told once`);
  });

  await step("incidents, subscribers and keys are as they were", async () => {
    assert.equal((await api.getIncident(incident)).id, incident);
    for (const id of readers) assert.equal((await api.getSubscriber(id)).state, "active");
    await api.updateIncident(incident, { status: "resolved", body: "It is over." });
    await until("the end on the page", async () => (await page(`incidents/${incident}`)).includes("It is over"));
  });

  await step("the demo: people sign up, and a real incident is replayed", async () => {
    for (const id of readers) await operator("DELETE", `/subscribers/${id}`);
    await receivers.close();
    const outbox = await serveOutbox(aws);
    const endpoints = {
      page: deployed("PageUrl"),
      api: `${deployed("ManageUrl")}/v1`,
      subscriptions: deployed("SubscriptionsUrl"),
      pageId: made.page,
      apiKey: made.key,
      outbox: outbox.url,
    };
    const { asExpected } = await runDemo(endpoints, (line) => console.log(`      ${line}`));
    await outbox.close();
    assert(asExpected, "everybody has the deliveries expected");
  });

  await step("every function has run, IAM allowed all its calls, and none logged an error", async () => {
    const ran = () => new Set(aws.calls.flatMap(({ who }) => /assumed-role\/.*\/(\S+?Function)/.exec(who)?.[1] ?? []));
    // sweep runs once a minute.
    await until("the run of every function", () => ran().size === STEPS, { said: () => [...ran()].join(", ") });
    console.log(`      ${aws.calls.length} calls allowed`);
  });

  await step("destroy, as docs/deploy.md says", async () => {
    await set({ protectData: false });
    await deploy();
    await cdk(["destroy", "--force", "TocsinPipeline"]);
    const Bucket = deployed("SiteBucketName");
    const { Contents = [] } = await clients.s3.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key } of Contents) await clients.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await cdk(["destroy", "--force", "--all"]);
    assert.deepEqual((await clients.dynamodb.send(new ListTablesCommand({}))).TableNames, []);
  });
}

function clientsOf({ url, environment }: Emulator, ca: string) {
  const common = {
    region: REGION,
    endpoint: url,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
    requestHandler: { httpsAgent: new Agent({ ca }) },
  };
  return {
    dynamodb: new DynamoDBClient(common),
    s3: new S3Client({ ...common }),
    ses: new SESClient(common),
    sns: new SNSClient(common),
  };
}

/** An output by its name, in whichever stack it is. */
function all(outputs: z.infer<typeof outputsSchema>): (name: string) => string {
  const flat = Object.assign({}, ...Object.values(outputs));
  const found = z.record(z.string(), z.string()).parse(flat);
  return (name) => found[name] ?? assert.fail(`no stack has the output ${name}`);
}

/** Why it may have failed. */
function explain(aws: Emulator): void {
  console.error(
    aws
      .said()
      .split("\n")
      .slice(-10)
      .map((line) => `    ${line.slice(0, 300)}`)
      .join("\n"),
  );
}

/** Whatever runs with our folder in its environment was started by us, or by what we started. */
async function cleanUp(): Promise<void> {
  for (const { pid } of await marked(folder.path)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
  await folder.remove();
}

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  console.log(`  ${what}`);
  const result = await Promise.race([work(), ...(emulator === null ? [] : [emulator.fault])]);
  passed += 1;
  console.log(`  ✓ ${what} (${((performance.now() - since) / 1_000).toFixed(1)} s)`);
  return result;
}
