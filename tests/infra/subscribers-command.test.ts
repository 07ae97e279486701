import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, expect, it } from "vitest";
import { parseCommand } from "../../infra/subscribers/options.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { KEY } from "../unit/manage-api/manage-world.ts";
import { peopleServer } from "./people-server.ts";

let folder: string;
const later = afterTheTest();
beforeEach(async () => {
  const made = await temporaryFolder("people");
  folder = made.path;
  later(made.remove);
});

/** The command as npm runs it. */
async function subscribers(args: readonly string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../infra/subscribers/main.ts"), ...args], {
    cwd: folder,
    env: { ...env, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

it("imports, exports and erases, and its exit code says whether rows were refused", async () => {
  await using server = await peopleServer();
  const env = { TOCSIN_API_KEY: KEY, TOCSIN_API_URL: server.url };
  writeFileSync(join(folder, "people.csv"), "email\nada@example.org\nnobody\n");
  expect(await subscribers(["import", "people.csv", "--confirmed"], env)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("1 created, 0 there already and left as they are, 1 refused."),
  });
  writeFileSync(join(folder, "people.csv"), "email\nada@example.org\n");
  expect(await subscribers(["import", "people.csv"], env)).toMatchObject({
    code: 0,
    stdout: "0 created, 1 there already and left as they are, 0 refused.\n",
  });

  expect(await subscribers(["export", "out.csv"], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching("1 sub"),
  });
  expect(readFileSync(join(folder, "out.csv"), "utf8")).toContain("ada@example.org,,,,active,true");

  const erase = () => subscribers(["erase", "Ada@example.org"], env);
  expect(await erase()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Erased the email subscriber \w{12}/),
  });
  expect(await erase()).toMatchObject({ code: 1, stdout: "The page knows nothing of this address.\n" });
});

it("takes a key as it was meant, and nothing that is none", () => {
  const parsed = (key: string) =>
    parseCommand(["export", "out.csv"], { TOCSIN_API_KEY: key, TOCSIN_API_URL: "https://api.example.com" });
  expect(parsed(`\u200b${KEY}\u00a0\n`)).toMatchObject({ api: { key: KEY } });
  for (const key of [`${KEY}üx`, KEY.replace("_", " "), ""]) {
    expect(() => parsed(key)).toThrow("--key is not an API key");
  }
});

it("says what is wrong and how it is meant", async () => {
  const { code, stderr } = await subscribers(["import", "people.csv", "--confirmd"], {});
  expect(code).toBe(1);
  expect(stderr).toContain("--confirmd");
  expect(stderr).toContain("npm run subscribers -- import people.csv");
  const env = { TOCSIN_API_KEY: KEY, TOCSIN_API_URL: "http://127.0.0.1:1" };
  expect((await subscribers(["--help"], env)).stdout).toContain("--no-confirmations");
});
