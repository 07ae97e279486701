import { readFile } from "node:fs/promises";
import { isNpmScript } from "./env.ts";
import { codeOf } from "./failure.ts";

const LOOKS_EVERY_MS = 500;
const SHELLS = /^(?:|ba|da|a|z|k)sh$/;

/**
 * Calls `gone` once the starter of this process has ended without ending it, as after a SIGKILL. Two starters are
 * known. One is a program that gave this process a channel, which closes. The other is npm, which runs a script in a
 * shell: either may be killed alone. Any other starter may leave it running, as `nohup` does.
 */
export async function whenStarterIsGone(gone: () => void): Promise<void> {
  if (process.connected) {
    process.once("disconnect", gone);
    process.channel?.unref();
  }
  if (!isNpmScript()) return;
  const parent = process.ppid;
  const shell = await processNamed(parent);
  const runner = shell !== null && SHELLS.test(shell.name) ? shell.parent : null;
  const timer = setInterval(() => {
    if (process.ppid === parent && (runner === null || isAlive(runner))) return;
    clearInterval(timer);
    gone();
  }, LOOKS_EVERY_MS);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process exists, and belongs to somebody else.
    return codeOf(error) === "EPERM";
  }
}

/** Fields 2 and 4 of /proc/<pid>/stat (see proc(5)), or null if there is no such file. */
async function processNamed(pid: number): Promise<{ name: string; parent: number } | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const [open, close] = [stat.indexOf("("), stat.lastIndexOf(")")];
    const [, parent] = stat.slice(close + 2).split(" ");
    return { name: stat.slice(open + 1, close), parent: Number(parent) };
  } catch {
    return null;
  }
}
