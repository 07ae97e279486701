import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as access from "../../functions/store/access/access-items.ts";
import * as ledger from "../../functions/store/deliveries/ledger-items.ts";
import { noticeKey } from "../../functions/store/deliveries/notice-item.ts";
import { keyOf } from "../../functions/store/keys/dynamo-keys.ts";
import * as status from "../../functions/store/status/status-items.ts";
import * as subscribers from "../../functions/store/subscribers/subscriber-items.ts";
import type { Key } from "../../functions/store/table.ts";
import { ROOT } from "./source.ts";
import { resourcesOf, synthesized } from "./synthesized.ts";

const DOCUMENTS = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT }).sort();
const FOLDERS = ["functions", "infra", "tests", "bench", "docs", ".ci", ".github"];
/** Names of files that stand in many folders, or that a command makes. */
const NAMES = new Set(globSync("{functions,infra,tests,bench}/**/*.*", { cwd: ROOT }).map((path) => basename(path)));
// What an operator makes of the example.
NAMES.add("tocsin.config.ts").add("internal.config.ts");

/** What a document says is in the repository, and is not. */
function missing(document: string, text: string): string[] {
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, path = ""]) =>
    normalize(join(dirname(document), path)),
  );
  const paths = [...text.matchAll(/(?<![\w./-])(?:[\w.-]+\/)+[\w.-]*\w/g)]
    .map(([path]) => path)
    .filter((path) => FOLDERS.includes(path.split("/")[0] ?? "") || /\.(?:tsx?|mjs)$/.test(path));
  const names = [...text.matchAll(/`([\w-]+(?:\.[\w-]+)*\.(?:tsx?|mjs))`/g)].map(([, name = ""]) => name);
  return [
    ...[...links, ...paths].filter((path) => !existsSync(join(ROOT, path))),
    ...names.filter((name) => !NAMES.has(name)),
  ];
}

describe("every file that a document names is there", () => {
  it.each(DOCUMENTS.filter((path) => path !== "CHANGELOG.md"))("%s", (document) => {
    expect(missing(document, readFileSync(join(ROOT, document), "utf8"))).toEqual([]);
  });

  it("or is found out, however it is named", () => {
    expect(missing("docs/a.md", "See `functions/gone.ts`, core/gone.ts and [it](gone.md#here).")).toEqual([
      "docs/gone.md",
      "functions/gone.ts",
      "core/gone.ts",
    ]);
    expect(missing("docs/a.md", "`gone.ts` and `functions/gone/`")).toEqual(["functions/gone", "gone.ts"]);
    expect(missing("docs/a.md", "`handler.ts`, [it](api.md#here), `functions/core/`, https://x.y/a.ts")).toEqual([]);
  });
});

const PAGE = "<page>";
const INCIDENT = { kind: "incident", id: "<incident>" } as const;
const CHANGE = { pageId: PAGE, at: 1_700_000_000_000, incidentId: null, changes: [] };
/** The key of each kind of item, as the code makes it. */
const ITEMS: Record<string, readonly Key[]> = {
  status: [
    status.directoryKey(PAGE),
    status.pageKey(PAGE),
    status.catalogKey(PAGE),
    status.publicationKey(PAGE),
    status.incidentKey(PAGE, "<incident>"),
    status.updateKey(PAGE, "<incident>", 7),
    status.changeKey(CHANGE, "<change>"),
  ],
  subscribers: [
    subscribers.subscriberKey(PAGE, "email", "<subscriber>"),
    subscribers.guardKey(PAGE, "email", "<address>"),
    subscribers.placesKey(PAGE, "<host>"),
    subscribers.invitationsKey(PAGE, "email", "<subscriber>"),
    subscribers.blockKey(PAGE, "email", "<mac>"),
  ],
  deliveries: [
    noticeKey(PAGE, "<update>"),
    ledger.renderingKey({ pageId: PAGE, updateId: "<update>", format: "email", locale: "en" }),
    ledger.chunkItemKey({ pageId: PAGE, updateId: "<update>", channel: "email", chunk: 3 }),
    ledger.sumsKey({ pageId: PAGE, updateId: "<update>", channel: "email", chunk: 3 }),
    ledger.planKey({ pageId: PAGE, subject: INCIDENT, channel: "email" }),
    ledger.deliveryKey({ pageId: PAGE, subscriberId: "<subscriber>", subject: INCIDENT, seq: 7 }),
  ],
  access: [
    access.signingKeyKey(PAGE, 1),
    access.scheduleKey("email"),
    access.scheduleKey("email#3"),
    access.counterWindow("<counter>", { most: 1, windowMs: 60_000 }, 0).key,
    access.permitsKey("<mac>"),
    access.SHARE_KEY,
    access.idempotencyKey(PAGE, "<hash>"),
    access.turnKey("<turn>"),
  ],
  keys: [keyOf("<key>")],
};

describe("docs/architecture.md", () => {
  const text = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
  const section = (table: string) => new RegExp(`\\n### ${table}\\n([\\s\\S]*?)\\n##`).exec(text)?.[1] ?? "";

  it.each(Object.entries(ITEMS))("names the items of the table %s by the keys that they have", (table, keys) => {
    const written = [...section(table).matchAll(/^\| `([^`]+)` \| `([^`]+)` \|/gm)].map(([, pk, sk]) => `${pk} ${sk}`);
    const real = keys.map(({ pk, sk }) =>
      `${pk} ${sk}`.replace(/[0-9a-f]{64}/, "<hash>").replace(/[0-9a-f]{8}(?=#<subscriber>)/, "<position>"),
    );
    expect(written).toEqual(real);
  });

  it("names every table and every index", () => {
    const named = z.array(z.object({ IndexName: z.string() })).default([]);
    const properties = z.object({ LocalSecondaryIndexes: named, GlobalSecondaryIndexes: named });
    const tables = resourcesOf(synthesized().state, "AWS::DynamoDB::Table").map(({ id, Properties }) => {
      const { LocalSecondaryIndexes, GlobalSecondaryIndexes } = properties.parse(Properties);
      const indexes = [...LocalSecondaryIndexes, ...GlobalSecondaryIndexes].map(({ IndexName }) => IndexName);
      return { name: /^[A-Z][a-z]+/.exec(id)?.[0].toLowerCase() ?? id, indexes: indexes.sort() };
    });
    const written = tables.map(({ name }) => ({
      name,
      indexes: [...section(name).matchAll(/^\| `(\w+)` \((?:local|global)/gm)].map(([, index = ""]) => index).sort(),
    }));
    expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(ITEMS).sort());
    expect(written).toEqual(tables);
  });
});
