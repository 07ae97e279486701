import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Channel } from "../functions/core/subscriber.ts";
import { synthesized } from "../tests/infra/synthesized.ts";
import { costOf, PRICES, PRICES_AS_OF, REGIONS, UNIT_NAMES, UNITS } from "./aws-prices.ts";
import { type Counted, countedSchema, idleMonth, type Stood, sendingOf, stoodIn, storageOf } from "./cost-model.ts";
import counts from "./counted.json" with { type: "json" };
import type { Bench } from "./measurement.ts";

const DOCUMENT = join(import.meta.dirname, "..", "docs", "cost.md");
const UPDATES = 10 * 5;
/** Subscribers, and the send rate that an account with so many has. */
const SIZES = [
  { subscribers: 1_000, emailsPerSecond: 14 },
  { subscribers: 100_000, emailsPerSecond: 100 },
  { subscribers: 1_000_000, emailsPerSecond: 500 },
];
/** The default of `sms.maxPrice`: most that a segment may cost. */
const SMS_MAX_PRICE = 0.15;
/** A sender of email sends some 150 a second, and at least two of them share the account's rate. */
const senders = (perSecond: number) => Math.max(2, Math.ceil(perSecond / 150));

/** Writes docs/cost.md anew from what `cost` counted last. */
export const bench: Bench = async () => {
  const before = await readFile(DOCUMENT, "utf8");
  const after = withTables(before);
  await writeFile(DOCUMENT, after);
  return {
    findings: [{ what: "docs/cost.md", result: after === before ? "as it was" : "written", goal: null, met: null }],
    details: { counts },
  };
};

/** The document with its tables made anew, each between `<!-- name -->` and `<!-- end -->`. */
export function withTables(document: string): string {
  const counted = z.parse(countedSchema, counts);
  const stood = stoodIn(synthesized());
  const tables: Record<string, string> = {
    idle: idleTable(stood, counted),
    sending: sendingTable(counted),
    counted: countedTable(counted),
    prices: pricesTable(),
  };
  return document.replace(
    /(<!-- (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables[name];
      if (table === undefined) throw new Error(`docs/cost.md asks for a table ${name}`);
      return `${begin}${table}\n${end}`;
    },
  );
}

function idleTable(stood: Stood, counted: Counted): string {
  const lines = idleMonth(stood, counted.sweep);
  const sums = REGIONS.map((region) => lines.reduce((sum, { use }) => sum + costOf(use, region), 0));
  return table(
    ["in a month", ...REGIONS],
    [
      ...lines.map(({ what, use }) => [what, ...REGIONS.map((region) => usd(costOf(use, region)))]),
      ["**all of it**", ...sums.map((sum) => `**${usd(sum)}**`)],
    ],
  );
}

/** What sending takes of Lambda's time for each recipient. */
function secondsEach(channel: Channel, emailsPerSecond: number): number {
  switch (channel) {
    // A sender that waits for its turn is paid for, too.
    case "email":
      return senders(emailsPerSecond) / emailsPerSecond;
    // One after the other, some 100 ms each.
    case "sms":
      return 0.1;
    // Twenty-five side by side, some 250 ms each.
    case "webhook":
      return 0.01;
  }
}

/** What the provider or the network takes besides, for each recipient. */
function charged(channel: Channel, sends: number, region: (typeof REGIONS)[number]): string {
  switch (channel) {
    case "email":
      return `SES ${usd(costOf({ emails: sends }, region))}`;
    case "sms":
      return `SNS at most ${usd(sends * SMS_MAX_PRICE)}`;
    case "webhook":
      return "nobody";
  }
}

function sendingTable(counted: Counted): string {
  const rows = (["email", "webhook", "sms"] as const).flatMap((channel) =>
    SIZES.map(({ subscribers, emailsPerSecond }) => {
      const sends = subscribers * UPDATES;
      const sending = sendingOf(counted[channel], sends, secondsEach(channel, emailsPerSecond));
      const storage = storageOf(counted[channel], sends);
      return [
        channel,
        subscribers.toLocaleString("en"),
        sends.toLocaleString("en"),
        charged(channel, sends, "us-east-1"),
        ...REGIONS.map((region) => usd(costOf(sending, region) + costOf(storage, region))),
      ];
    }),
  );
  return table(
    ["channel", "subscribers", "sends", "who charges for them", ...REGIONS.map((region) => `the rest, ${region}`)],
    rows,
  );
}

function countedTable({ email, webhook, sms }: Counted): string {
  const row = (what: string, of: (count: Counted["email"]) => number) => [
    what,
    ...[email, webhook, sms].map((count) => String(of(count))),
  ];
  return table(
    ["for each recipient of an update", "email", "webhook", "SMS"],
    [
      row("write units", ({ writeUnits }) => writeUnits),
      row("read units", ({ readUnits }) => readUnits),
      row("table calls", ({ requests }) => requests),
      row("chunks", ({ chunks }) => chunks),
      row("bytes of our log", ({ logBytes }) => logBytes),
      row("bytes in the ledger", ({ storedBytes }) => storedBytes),
      row("bytes over the internet", ({ sentBytes }) => sentBytes),
    ],
  );
}

function pricesTable(): string {
  const rows = UNIT_NAMES.map((unit) => [
    UNITS[unit],
    ...REGIONS.flatMap((region) => {
      const { usd: price, seen } = PRICES[region][unit];
      return [String(price), seen ?? "not verified"];
    }),
  ]);
  return `As of ${PRICES_AS_OF}, in USD.\n\n${table(["what", ...REGIONS.flatMap((region) => [region, "seen"])], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function usd(amount: number): string {
  return amount < 100 ? amount.toFixed(2) : Math.round(amount).toLocaleString("en");
}
