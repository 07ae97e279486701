import { setTimeout } from "node:timers/promises";
import { styleText } from "node:util";
import { type ApiClient, apiClient, type ChannelReport, type DeliveryReport } from "./api-client.ts";
import { API_GROUP, GROUPED, INCIDENT_NAME, STEPS, type Step, UNAFFECTED, UNGROUPED } from "./incident.ts";
import { type Outbox, readable, readOutbox } from "./outbox-reader.ts";
import { type PublicClient, publicClient } from "./public-client.ts";
import { type Receiver, startReceivers } from "./receivers.ts";
import { table } from "./table.ts";

export interface DemoEndpoints {
  page: string;
  api: string;
  pageId: string;
  apiKey: string;
  outbox: string;
  subscriptions: string;
}

export interface DemoResult {
  /** Every subscriber has exactly the deliveries expected. */
  asExpected: boolean;
}

const CHANNELS = ["email", "sms", "webhook"] as const;
const WEBHOOKS = 5;
/** The one that its integrator registers; the operator adds the others. */
const REGISTERED = 4;
const PATIENCE_MS = 90_000;
const POLL_MS = 100;

interface Audience {
  emails: string[];
  phones: string[];
  /** Confirmed, but for something else; or not confirmed. */
  silentEmails: string[];
}

/** Replays the real incident through the HTTP API, and checks from outside what everybody got. */
export async function runDemo(endpoints: DemoEndpoints, print: (line: string) => void): Promise<DemoResult> {
  const api = apiClient(endpoints);
  const receivers = await startReceivers(WEBHOOKS);
  try {
    print(styleText("bold", `\nReplaying “${INCIDENT_NAME}”, 7 July 2025`));
    const run = Date.now().toString(36);
    const components = await createComponents(api);
    const { affected } = components;
    const audience = await subscribe(api, publicClient(endpoints), components, receivers.all, run);
    print(
      `  ${affected.size} components in the incident; ${audience.emails.length} email, ${audience.phones.length} SMS and ` +
        `${receivers.all.length} webhook subscribers to tell, ${audience.silentEmails.length} others to leave alone`,
    );
    print(
      "  Two of them signed up by mail themselves, one by a code in an SMS, one endpoint by repeating its challenge",
    );
    const before = await readOutbox(endpoints.outbox);
    const { incident, updates: told } = await replay(api, affected, print);
    print(`\n${reportTable(told)}\n`);
    const after = await readOutbox(endpoints.outbox);
    const sent = { emails: after.emails.slice(before.emails.length), sms: after.sms.slice(before.sms.length) };
    const problems = [
      ...checkReports(told, audience),
      ...checkMails(sent.emails, audience),
      ...checkSms(sent.sms, audience),
      ...receivers.all.flatMap((receiver, index) => checkReceiver(receiver, index, told)),
    ];
    const deliveries = told.length * (audience.emails.length + WEBHOOKS) + 2 * audience.phones.length;
    for (const problem of problems) print(`  ${styleText("red", "✗")} ${problem}`);
    if (problems.length === 0) {
      print(
        styleText("green", "✓ ") +
          `Every subscriber has exactly the deliveries expected: ${deliveries} of ${deliveries}, in order, none doubled.`,
      );
    } else {
      print(styleText("red", `✗ ${problems.length} deviations from the deliveries expected.`));
    }
    print(`\n  Read it     ${endpoints.page}/incidents/${incident}`);
    print(`  Mail, SMS   ${new URL("/", endpoints.outbox)}\n`);
    return { asExpected: problems.length === 0 };
  } finally {
    await receivers.close();
  }
}

/** The ids of the components in the incident, by their names, and of one outside it. */
interface Components {
  affected: ReadonlyMap<string, string>;
  unaffected: string;
}

async function createComponents(api: ApiClient): Promise<Components> {
  const affected = new Map<string, string>();
  const grouped: string[] = [];
  for (const name of GROUPED) {
    const { id } = await api.createComponent(name);
    affected.set(name, id);
    grouped.push(id);
  }
  await api.createGroup(API_GROUP, grouped);
  for (const name of UNGROUPED) affected.set(name, (await api.createComponent(name)).id);
  const unaffected = (await api.createComponent(UNAFFECTED)).id;
  return { affected, unaffected };
}

/**
 * Some sign up themselves, as the public does; the operator adds the others. `run` keeps the addresses of one replay
 * apart from those of an earlier one on the same data.
 */
async function subscribe(
  api: ApiClient,
  people: PublicClient,
  { affected, unaffected }: Components,
  receivers: readonly Receiver[],
  run: string,
): Promise<Audience> {
  const idOf = (name: string) => {
    const id = affected.get(name);
    if (id === undefined) throw new Error(`the demo has no component ${name}`);
    return id;
  };
  const active = { skip_confirmation_notification: true };
  const emails = ["anna", "bernd", "carla", "deniz", "emil", "fatma", "georg", "hanna"].map(
    (name) => `${name}.${run}@subscriber.example`,
  );
  for (const [index, email] of emails.entries()) {
    if (index === 0) await people.subscribeByEmail(email);
    else await api.createSubscriber({ email, ...active });
  }
  const scoped: [string, string[]][] = [
    [`webdav.${run}@subscriber.example`, ["WebDAV"]],
    [`signing.${run}@subscriber.example`, ["Signing", "DATEV"]],
    [`api.${run}@subscriber.example`, ["API (group 03)"]],
  ];
  for (const [index, [email, names]] of scoped.entries()) {
    const wishes = { component_ids: names.map(idOf) };
    if (index === 0) await people.subscribeByEmail(email, { ...wishes, locale: "de" });
    else await api.createSubscriber({ email, ...wishes, ...active });
    emails.push(email);
  }
  const silentEmails = [`portal.${run}@subscriber.example`, `unconfirmed.${run}@subscriber.example`];
  await api.createSubscriber({ email: silentEmails[0], component_ids: [unaffected], ...active });
  await api.createSubscriber({ email: silentEmails[1] });

  const suffix = String(Date.now() % 1_000_000).padStart(6, "0");
  const phones = ["151", "160", "170"].map((prefix) => `+49${prefix}2${suffix}${prefix === "151" ? "1" : ""}`);
  for (const [index, phone] of phones.entries()) {
    const component_ids = index === 2 ? { component_ids: [idOf("Web App")] } : {};
    if (index === 0) await people.subscribeByPhone("DE", phone);
    else await api.createSubscriber({ phone_country: "DE", phone_number: phone, ...component_ids, ...active });
  }
  for (const [index, receiver] of receivers.entries()) {
    if (index === REGISTERED) {
      const contact = `registrar.${run}@subscriber.example`;
      const { id, signing_secret } = await people.registerWebhook(`${receiver.url}?run=${run}`, contact);
      receiver.secret = signing_secret;
      await waitUntilActive(api, id);
      continue;
    }
    const component_ids = index === 3 ? { component_ids: [idOf("Webhooks")] } : {};
    const created = await api.createWebhook({
      endpoint: `${receiver.url}?run=${run}`,
      email: `integrator.${run}@subscriber.example`,
      ...component_ids,
      ...active,
    });
    receiver.secret = created.signing_secret;
  }
  return { emails, phones, silentEmails };
}

/** The endpoint has repeated its challenge. */
async function waitUntilActive(api: ApiClient, subscriber: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while ((await api.getSubscriber(subscriber)).state !== "active") {
    if (performance.now() > until) throw new Error("a registered endpoint was not confirmed by its challenge");
    await setTimeout(POLL_MS);
  }
}

interface Told {
  step: Step;
  updateId: string;
  report: DeliveryReport;
}

async function replay(
  api: ApiClient,
  affected: ReadonlyMap<string, string>,
  print: (line: string) => void,
): Promise<{ incident: string; updates: Told[] }> {
  const updates: Told[] = [];
  let incident: string | null = null;
  for (const step of STEPS) {
    incident = await post(api, incident, step, affected);
    const update = (await api.getIncident(incident)).incident_updates[0];
    if (update === undefined) throw new Error(`the API shows no update after ${step.title}`);
    const started = performance.now();
    const report = await waitUntilTold(api, incident, update.id, step);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    const all = CHANNELS.map((channel) => report.channels[channel]);
    const accepted = all.reduce((sum, { accepted: count }) => sum + count, 0);
    const retried = all.reduce((sum, { retried: count }) => sum + count, 0);
    print(
      `  ${styleText("green", "✓")} ${step.title.padEnd(14)}${accepted} told in ${seconds} s${retried > 0 ? `, ${retried} after a retry` : ""}`,
    );
    updates.push({ step, updateId: update.id, report });
  }
  if (incident === null) throw new Error("the demo has no steps");
  return { incident, updates };
}

async function post(
  api: ApiClient,
  incident: string | null,
  step: Step,
  affected: ReadonlyMap<string, string>,
): Promise<string> {
  if (step.status === "postmortem") {
    if (incident === null) throw new Error("a postmortem needs an incident");
    await api.draftPostmortem(incident, step.body);
    await api.publishPostmortem(incident, step.displayAt);
    return incident;
  }
  const body = {
    status: step.status,
    body: step.body,
    display_at: step.displayAt,
    components: Object.fromEntries([...affected.values()].map((id) => [id, step.componentStatus])),
  };
  const answer =
    incident === null
      ? await api.openIncident({ name: INCIDENT_NAME, ...body })
      : await api.updateIncident(incident, body);
  return answer.id;
}

async function waitUntilTold(api: ApiClient, incident: string, update: string, step: Step): Promise<DeliveryReport> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const report = await api.report(incident, update);
    if (report.state === "complete") return report;
    if (performance.now() > until) {
      throw new Error(
        `${step.title} was not told to everybody within ${PATIENCE_MS / 1_000} s: ${JSON.stringify(report)}`,
      );
    }
    await setTimeout(POLL_MS);
  }
}

function reportTable(told: readonly Told[]): string {
  const head = [
    "update",
    "channel",
    "audience",
    "accepted",
    "retried",
    "suppressed",
    "superseded",
    "failed",
    "median",
    "p95",
  ];
  const ms = (value: number | null) => (value === null ? "–" : `${value} ms`);
  const row = (title: string, channel: string, report: ChannelReport) => [
    title,
    report.paused === null ? channel : `${channel} (paused: ${report.paused})`,
    ...[report.audience, report.accepted, report.retried, report.suppressed, report.superseded, report.failed].map(
      String,
    ),
    ms(report.median_ms),
    ms(report.p95_ms),
  ];
  const rows = told.flatMap(({ step, report }) =>
    CHANNELS.map((channel, index) => row(index === 0 ? step.title : "", channel, report.channels[channel])),
  );
  return table([head, ...rows]);
}

function checkReports(told: readonly Told[], audience: Audience): string[] {
  return told.flatMap(({ step, report }) => {
    const expected = { email: audience.emails.length, sms: step.sms ? audience.phones.length : 0, webhook: WEBHOOKS };
    return CHANNELS.flatMap((channel) => {
      const { audience: size, accepted } = report.channels[channel];
      const right = size === expected[channel] && accepted === expected[channel];
      return right
        ? []
        : [`${step.title}, ${channel}: expected ${expected[channel]} accepted, the ledger says ${accepted} of ${size}`];
    });
  });
}

/** Each mail carries the update's words. Quoted-printable breaks lines, so the check looks for the first words. */
function checkMails(emails: Outbox["emails"], audience: Audience): string[] {
  const problems: string[] = [];
  for (const address of audience.emails) {
    const got = emails.filter(({ to }) => to === address).map(({ raw }) => newestStep(raw));
    const expected = STEPS.map(({ title }) => title);
    if (got.join() !== expected.join()) problems.push(`${address} got ${got.join(", ") || "nothing"}`);
  }
  for (const address of audience.silentEmails) {
    if (emails.some(({ to, raw }) => to === address && raw.includes("List-Unsubscribe:")))
      problems.push(`${address} was told, but should not have been`);
  }
  return problems;
}

/** The step whose text stands first in the mail: updates are newest first. */
function newestStep(raw: string): string {
  const text = readable(raw).replaceAll(/\s+/g, " ");
  const found = STEPS.map(({ title, body }) => ({ title, at: text.indexOf(firstWords(body)) })).filter(
    ({ at }) => at >= 0,
  );
  return found.sort((a, b) => a.at - b.at)[0]?.title ?? "an unknown mail";
}

function firstWords(body: string): string {
  return body.replace(/^#+ /, "").split(/\s+/).slice(0, 2).join(" ");
}

function checkSms(sms: Outbox["sms"], audience: Audience): string[] {
  const expected = STEPS.filter((step) => step.sms).map(({ title }) => title);
  return audience.phones.flatMap((phone) => {
    const got = sms
      .filter(({ to }) => to === phone)
      .map(({ text }) => expected.find((title) => text.includes(title)) ?? text);
    return got.join() === expected.join() ? [] : [`${phone} got ${got.join(", ") || "nothing"}`];
  });
}

function checkReceiver(receiver: Receiver, index: number, told: readonly Told[]): string[] {
  const accepted = receiver.receipts.filter(({ answered }) => answered === 200);
  const expected = told.map(({ updateId }) => updateId);
  const problems = [];
  if (accepted.map(({ updateId }) => updateId).join() !== expected.join()) {
    problems.push(
      `webhook ${index + 1} took ${accepted.length} of ${expected.length}, or in another order, or with a wrong signature`,
    );
  }
  const failed = receiver.receipts.filter(({ answered }) => answered !== 200);
  if (failed.some(({ webhookId }) => !accepted.some((receipt) => receipt.webhookId === webhookId))) {
    problems.push(`webhook ${index + 1}: a retry came under another webhook-id`);
  }
  return problems;
}
