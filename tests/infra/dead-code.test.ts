import { execFile } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import * as z from "zod/mini";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { ROOT } from "./source.ts";

const DEPENDENCIES = { zod: "*", "fast-png": "*", "@sparticuz/chromium": "*" };
const PROJECT: Record<string, string> = {
  "package.json": JSON.stringify({ name: "example", type: "module", dependencies: DEPENDENCIES }),
  "functions/sweep/handler.ts":
    'import "feed"; import "zod"; import { used } from "./used.ts"; export const handler = used;',
  "functions/sweep/used.ts": "export const used = 1; export const dead = 2; export interface DeadType {}",
  "functions/sweep/dead-file.ts": "export {};",
};

const namesSchema = z.array(z.object({ name: z.string() }));
const reportSchema = z.object({
  issues: z.array(
    z.object({
      dependencies: namesSchema,
      exports: namesSchema,
      files: namesSchema,
      types: namesSchema,
      unlisted: namesSchema,
    }),
  ),
});

const atTheEnd = afterTheTest();

it("what nothing uses fails the check, by the project's own configuration", async () => {
  const folder = await temporaryFolder("dead-code");
  atTheEnd(folder.remove);
  for (const [path, text] of Object.entries(PROJECT)) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true });
    await writeFile(join(folder.path, path), `${text}\n`);
  }
  await cp(join(ROOT, "knip.jsonc"), join(folder.path, "knip.jsonc"));

  const { code, output } = await knip(folder.path);

  expect(code).toBe(1);
  const { issues } = reportSchema.parse(JSON.parse(output));
  const namesOf = (kind: keyof (typeof issues)[number]) => issues.flatMap((file) => file[kind].map(({ name }) => name));
  expect(namesOf("files")).toEqual(["functions/sweep/dead-file.ts"]);
  expect(namesOf("exports")).toEqual(["dead"]);
  expect(namesOf("types")).toEqual(["DeadType"]);
  expect(namesOf("dependencies")).toEqual(["fast-png"]);
  expect(namesOf("unlisted")).toEqual(["feed"]);
});

function knip(folder: string): Promise<{ code: unknown; output: string }> {
  const args = [join(ROOT, "node_modules/knip/bin/knip.js"), "--reporter=json", "--no-progress"];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (error, output) => resolve({ code: error?.code ?? 0, output }));
  });
}
