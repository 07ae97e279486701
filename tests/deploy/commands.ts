import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../..");
const TELL_EVERY_MS = 5_000;

/** A command of the project, run as people run it: by the Node of this process, from the project's folder. Throws with all that it said. */
export async function command(script: string, args: readonly string[], env: Record<string, string>): Promise<string[]> {
  const lines: string[] = [];
  let told = performance.now();
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const output of [child.stdout, child.stderr]) {
    createInterface(output).on("line", (line) => {
      lines.push(line);
      if (line.trim() === "" || performance.now() - told < TELL_EVERY_MS) return;
      told = performance.now();
      console.log(`      ${line.slice(0, 120)}`);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => resolve(exit ?? signal));
  });
  if (code !== 0) throw new Error(`${script} ${args.join(" ")} ended with ${code}:\n${lines.slice(-60).join("\n")}`);
  return lines;
}
