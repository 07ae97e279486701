import { readFile } from "node:fs/promises";
import * as z from "zod";

/**
 * Names one process for good: pids are used again, so the mark includes the start time (clock ticks since boot, Linux).
 */
const processMarkSchema = z.object({ pid: z.number().int().positive(), startedAt: z.string().nullable() });
export type ProcessMark = z.infer<typeof processMarkSchema>;

export async function markOf(pid: number): Promise<ProcessMark> {
  return { pid, startedAt: await startOf(pid) };
}

export async function isRunning(mark: ProcessMark): Promise<boolean> {
  try {
    process.kill(mark.pid, 0);
  } catch {
    return false;
  }
  return mark.startedAt === null || mark.startedAt === (await startOf(mark.pid));
}

/** The mark kept in a file, or null if there is none or it cannot be read. */
export async function readMark(path: string): Promise<ProcessMark | null> {
  try {
    return processMarkSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}

/** Field 22 of /proc/<pid>/stat (see proc(5)). The second field, the name, may hold spaces: count from its closing bracket. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A process that has ended but was not yet waited for still has its entry, as a zombie.
    return afterName[0] === "Z" ? null : (afterName[19] ?? null);
  } catch {
    return null;
  }
}
