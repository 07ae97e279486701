import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { codeOf, oneLine, StartFailure } from "./failure.ts";
import { isRunning, markOf, readMark } from "./process-mark.ts";

/** The addresses of a started stack. Written to endpoints.json for scripts. */
export interface Endpoints {
  /** No trailing slash. */
  page: string;
  /** The manage API, ending in `/v1`. */
  api: string;
  subscriptions: string;
  pageId: string;
  apiKey: string;
  /** JSON of all emails and SMS sent. */
  outbox: string;
}

/** The files of one local stack. One process at a time: see `openDataDir`. */
export interface DataDir {
  path: string;
  file(name: string): string;
  close(): Promise<void>;
}

const LOCK = "lock.json";

/**
 * Makes the directory and takes its lock. Throws StartFailure if another running process has it, or if another version
 * of Tocsin made it.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const file = (name: string) => join(path, name);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await lock(path, file(LOCK));
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    throw new StartFailure(`${path} cannot be used for data: ${oneLine(error)}`);
  }
  const dir = { path, file, close: () => rm(file(LOCK), { force: true }) };
  try {
    await readCredentials(dir);
  } catch (error) {
    await dir.close();
    throw error;
  }
  return dir;
}

async function lock(path: string, lockFile: string): Promise<void> {
  const own = JSON.stringify(await markOf(process.pid));
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(lockFile, own, { flag: "wx", mode: 0o600 });
      return;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const holder = await readMark(lockFile);
    if (holder !== null && (await isRunning(holder))) {
      throw new StartFailure(`${path} is in use by process ${holder.pid}: stop it, or choose another with --data`);
    }
    // Its holder was killed.
    await rm(lockFile, { force: true });
  }
  throw new StartFailure(`${path} is being used by another start`);
}

/**
 * Goes up when the tables' keys change, so that the data in a directory could no longer be found. Directories from
 * before it have none.
 */
const DATA_FORMAT = 2;

const formatSchema = z.object({ format: z.optional(z.number()) });
const credentialsSchema = z.object({ pageId: z.string(), apiKey: z.string() });
export type Credentials = z.infer<typeof credentialsSchema>;

const CREDENTIALS = "credentials.json";

/** The page and key made at the first start, or null. Throws StartFailure if the directory has another format. */
export async function readCredentials(dir: DataDir): Promise<Credentials | null> {
  try {
    const kept: unknown = JSON.parse(await readFile(dir.file(CREDENTIALS), "utf8"));
    const { format = 1 } = formatSchema.parse(kept);
    if (format !== DATA_FORMAT) throw otherFormat(dir.path, format);
    return credentialsSchema.parse(kept);
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    if (codeOf(error) === "ENOENT") return null;
    throw new StartFailure(`${dir.file(CREDENTIALS)} cannot be read: remove ${dir.path} to start afresh`);
  }
}

function otherFormat(path: string, format: number): StartFailure {
  const whose = format < DATA_FORMAT ? "an older" : "a newer";
  return new StartFailure(
    `${path} was made by ${whose} version of Tocsin (data format ${format}, this one has ${DATA_FORMAT}): remove it, or choose another with --data`,
  );
}

export function writeCredentials(dir: DataDir, credentials: Credentials): Promise<void> {
  return writePrivate(dir.file(CREDENTIALS), { format: DATA_FORMAT, ...credentials });
}

export function writeEndpoints(dir: DataDir, endpoints: Endpoints): Promise<void> {
  return writePrivate(dir.file("endpoints.json"), endpoints);
}

/** Both files hold the API key. The mode of writeFile applies to new files only. */
async function writePrivate(path: string, value: object): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
}
