import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { ROOT } from "./source.ts";

/** The project's own commands that take options. */
const COMMANDS = [
  "start",
  "create-page",
  "keys",
  "doctor",
  "subscribers",
  "simulate",
  "bench",
  "shots",
  "test:deploy",
] as const;

async function run(command: (typeof COMMANDS)[number], args: readonly string[]) {
  const [, script = ""] = packageJson.scripts[command].split(" ");
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

describe.each(COMMANDS)("npm run %s", (command) => {
  it("-- --help says how it is meant, and is no failure", async () => {
    const { code, stdout, stderr } = await run(command, ["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/npm (?:run )?[a-z:-]+ -- /);
    expect(stdout).toContain("  --");
  });

  it("names an option that it does not know, in one line without a stack", async () => {
    const { code, stdout, stderr } = await run(command, ["--nonsense"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.split("\n")[0]).toContain("'--nonsense'");
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

it("is kept by every script that runs a file of ours", () => {
  const ours = Object.entries(packageJson.scripts).flatMap(([name, script]) =>
    /^node \S+\.ts$/.test(script) ? [name] : [],
  );
  expect(ours.sort()).toEqual([...COMMANDS].sort());
});
