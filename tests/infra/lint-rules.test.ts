import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { afterTheFile, temporaryFolder } from "../fixtures/clean-up.ts";
import { ROOT, sourceFiles } from "./source.ts";

/** From the ground up. A room imports those below its own floor. */
const FLOORS = [
  ["core"],
  ["lambda"],
  ["store", "providers", "templates"],
  ["permits", "subscriptions", "api-keys"],
  ["compose", "send-chunk"],
  sourceFiles("functions/*/handler.ts").map(({ path }) => path.split("/")[1] ?? ""),
];
const ROOMS = FLOORS.flatMap((rooms, floor) => rooms.map((room) => ({ room, floor })));

interface Example {
  path: string;
  text: string;
  /** The rule that it breaks, if it does. */
  breaks: "imports" | "cycle" | "environment" | "clock" | null;
}

const arrows: Example[] = ROOMS.flatMap((from) =>
  ROOMS.filter(({ room }) => room !== from.room).flatMap((to): Example[] => {
    const breaks = to.floor < from.floor ? null : "imports";
    const home = `functions/${from.room}`;
    return [
      { path: `${home}/imports-${to.room}.ts`, text: `import "../${to.room}/x.ts";`, breaks },
      { path: `${home}/in/imports-${to.room}.ts`, text: `import type { X } from "../../${to.room}/in/x.ts";`, breaks },
    ];
  }),
);

/** Files that may stand anywhere in the project, one rule at a time. */
const refused: Example[] = [
  // Types included.
  { path: "functions/sweep/one.ts", text: 'import type { Two } from "./two.ts";', breaks: "cycle" },
  { path: "functions/sweep/two.ts", text: 'export type { One } from "./one.ts";', breaks: "cycle" },
  { path: "infra/one.ts", text: 'import { two } from "./two.ts";', breaks: "cycle" },
  { path: "infra/two.ts", text: 'export { one } from "./one.ts";', breaks: "cycle" },

  // Of any kind of import.
  { path: "functions/core/late.ts", text: 'export const x = import("../store/x.ts");', breaks: "imports" },
  { path: "functions/core/on.ts", text: 'export * from "../store/x.ts";', breaks: "imports" },
  { path: "functions/core/package.ts", text: 'import "fast-png";', breaks: "imports" },
  { path: "functions/core/whole-zod.ts", text: 'import "zod";', breaks: "imports" },
  { path: "functions/core/files.ts", text: 'import "node:fs";', breaks: "imports" },
  { path: "functions/core/upward.ts", text: 'import "../../infra/x.ts";', breaks: "imports" },
  { path: "functions/sweep/upward.ts", text: 'import "../../infra/x.ts";', breaks: "imports" },
  { path: "functions/a-new-room/upward.ts", text: 'import "../sweep/x.ts";', breaks: "imports" },
  { path: "functions/sweep/new.ts", text: 'import "../a-new-room/x.ts";', breaks: "imports" },
  { path: "functions/store/new.ts", text: 'import "../a-new-room/x.ts";', breaks: "imports" },
  { path: "infra/upward.ts", text: 'import "../tests/x.ts";', breaks: "imports" },
  { path: "infra/local/upward.ts", text: 'import "../../bench/x.ts";', breaks: "imports" },

  // Within rooms.
  { path: "functions/templates/kind.ts", text: 'import "./email/x.ts";', breaks: "imports" },
  { path: "functions/templates/chat/kind.ts", text: 'import "../email/x.tsx";', breaks: "imports" },
  { path: "functions/templates/statuspage/kind.ts", text: 'import "../page/x.tsx";', breaks: "imports" },
  { path: "functions/templates/strings/kind.ts", text: 'import "../sms/x.ts";', breaks: "imports" },
  { path: "functions/manage-api/route.ts", text: 'import "./incidents/x.ts";', breaks: "imports" },
  { path: "functions/manage-api/components/later.ts", text: 'import "../incidents/x.ts";', breaks: "imports" },
  { path: "functions/manage-api/incidents/later.ts", text: 'import "../deliveries/x.ts";', breaks: "imports" },
  { path: "functions/manage-api/deliveries/later.ts", text: 'import "../subscribers/x.ts";', breaks: "imports" },
  { path: "functions/manage-api/subscribers/later.ts", text: 'import "../deliveries/x.ts";', breaks: "imports" },
  { path: "functions/subscription-api/caps.ts", text: 'import "./people/x.ts";', breaks: "imports" },
  { path: "functions/subscription-api/people/other.ts", text: 'import "../endpoints/x.ts";', breaks: "imports" },
  { path: "functions/subscription-api/endpoints/other.tsx", text: 'import "../people/x.ts";', breaks: "imports" },

  // The SDK, also as a type.
  ...ROOMS.filter(({ room }) => !["store", "providers"].includes(room)).map(({ room }): Example => {
    const text = 'import type { SQSClient } from "@aws-sdk/client-sqs";';
    return { path: `functions/${room}/uses-the-sdk.ts`, text, breaks: "imports" };
  }),
  { path: "functions/manage-api/incidents/sdk.ts", text: 'import "@smithy/types";', breaks: "imports" },

  { path: "functions/sweep/reads.ts", text: "export const x = process.env.X;", breaks: "environment" },
  { path: "functions/sweep/takes.ts", text: "export const { env } = process;", breaks: "environment" },
  { path: "functions/sweep/imports.ts", text: 'import { env } from "node:process";', breaks: "imports" },
  { path: "infra/local/reads.ts", text: 'export const x = process["env"].X;', breaks: "environment" },

  { path: "functions/sweep/now.ts", text: "export const x = Date.now();", breaks: "clock" },
  { path: "functions/sweep/today.ts", text: "export const x = new Date();", breaks: "clock" },
  { path: "functions/sweep/text.ts", text: "export const x = Date();", breaks: "clock" },
  { path: "functions/store/clock.ts", text: "export const x = { clock: Date.now };", breaks: "clock" },
  { path: "functions/core/measured.ts", text: "export const x = performance.now();", breaks: "clock" },
  { path: "functions/core/drawn.ts", text: "export const x = { jitter: Math.random };", breaks: "clock" },
  { path: "functions/core/bytes.ts", text: 'import { randomBytes } from "node:crypto";', breaks: "clock" },
  {
    path: "functions/templates/page/id.tsx",
    text: "export const x = <p id={crypto.randomUUID()} />;",
    breaks: "clock",
  },
];

const accepted: Example[] = [
  ["functions/core/imports.ts", 'import "./x.ts"; import "zod/mini"; import { createHash } from "node:crypto";'],
  [
    "functions/core/date.ts",
    "export const x = (at: number) => new Date(at).getTime() + Date.parse('') + Math.max(at);",
  ],
  ["functions/store/sdk.ts", 'import "@aws-sdk/client-dynamodb";'],
  ["functions/providers/sdk.ts", 'import "@aws-sdk/client-sqs";'],
  ["functions/store/status/sibling.ts", 'import "../deliveries/x.ts"; import "../x.ts";'],
  ["functions/templates/email/shared.tsx", 'import "../x.ts"; import "../strings/x.ts"; import "./x.tsx";'],
  ["functions/manage-api/api.ts", 'import "./incidents/x.ts"; import "./subscribers/x.ts";'],
  ["functions/manage-api/incidents/earlier.ts", 'import "../components/x.ts"; import "../x.ts";'],
  ["functions/manage-api/deliveries/earlier.ts", 'import "../components/x.ts"; import "../incidents/x.ts";'],
  ["functions/manage-api/subscribers/earlier.ts", 'import "../components/x.ts"; import "../incidents/x.ts";'],
  ["functions/subscription-api/api.ts", 'import "./people/x.ts"; import "./endpoints/x.ts";'],
  ["functions/subscription-api/handler.ts", 'import "./people/x.ts"; import "./endpoints/x.ts";'],
  ["functions/subscription-api/people/lobby.tsx", 'import "../x.ts";'],
  ["functions/sweep/env.ts", "export const x = process.env.X;"],
  ["functions/sweep/handler.ts", "export const x = [Date.now, Math.random];"],
  ["infra/local/env.ts", "export const x = process.env.X;"],
  ["infra/app.ts", 'import "../functions/sweep/env.ts";'],
  ["tests/any.ts", 'import "../functions/sweep/x.ts"; import "../infra/x.ts"; export const x = process.env.X;'],
].map(([path = "", text = ""]) => ({ path, text, breaks: null }));

const examples = [...arrows, ...refused, ...accepted];

const RULES: Record<string, Example["breaks"]> = {
  "lint/style/noRestrictedImports": "imports",
  "lint/suspicious/noImportCycles": "cycle",
  "lint/style/noProcessEnv": "environment",
  "lint/style/noRestrictedGlobals": "environment",
  plugin: "clock",
};

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({
      code: z.object({ value: z.string() }),
      location: z.object({ path: z.string() }),
      severity: z.string(),
    }),
  ),
});

const atTheEnd = afterTheFile();
const broken = new Map<string, Set<string>>();

// One run over all of them, by the project's own configuration.
beforeAll(async () => {
  const folder = await temporaryFolder("lint-rules");
  atTheEnd(folder.remove);
  for (const file of ["biome.jsonc", "clock-and-randomness.grit"]) await cp(join(ROOT, file), join(folder.path, file));
  await Promise.all(
    examples.map(async ({ path, text }) => {
      await mkdir(join(folder.path, dirname(path)), { recursive: true });
      await writeFile(join(folder.path, path), `${text}\n`);
    }),
  );
  for (const { code, location, severity } of (await lint(folder.path)).diagnostics) {
    if (severity !== "ERROR") continue;
    const rules = broken.get(location.path) ?? new Set();
    broken.set(location.path, rules.add(RULES[code.value] ?? code.value));
  }
});

async function lint(folder: string): Promise<z.infer<typeof reportSchema>> {
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const only = Object.keys(RULES).map((rule) => `--only=${rule.replace("lint/", "")}`);
  const args = [biome, "lint", "--vcs-enabled=false", "--max-diagnostics=none", "--reporter=rdjson", ...only, "."];
  const output = await new Promise<string>((resolve) => {
    // It fails, as it should: what it found is on its output.
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, (_, stdout) => resolve(stdout));
  });
  return reportSchema.parse(JSON.parse(output));
}

it("every room stands on a floor", () => {
  const rooms = new Set(sourceFiles("functions/**/*.{ts,tsx}").map(({ path }) => path.split("/")[1]));
  expect([...rooms].sort()).toEqual(ROOMS.map(({ room }) => room).sort());
});

it("no two examples are one file", () => {
  expect(new Set(examples.map(({ path }) => path)).size).toBe(examples.length);
});

describe("arrows go down", () => {
  it.each(ROOMS.map(({ room }) => room))("from %s", (room) => {
    const here = arrows.filter(({ path }) => path.startsWith(`functions/${room}/`));
    const found = here.filter(({ path }) => broken.get(path)?.has("imports")).map(({ path }) => path);
    expect(found).toEqual(here.filter(({ breaks }) => breaks !== null).map(({ path }) => path));
  });
});

it.each(refused)("$path is refused: $text", ({ path, breaks }) => {
  expect([...(broken.get(path) ?? [])]).toEqual([breaks]);
});

it.each(accepted)("$path is accepted: $text", ({ path }) => {
  expect([...(broken.get(path) ?? [])]).toEqual([]);
});
