import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { freePorts } from "../infra/local/listen.ts";

const run = promisify(execFile);

export interface Postgres {
  url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL server of this machine in a folder of its own, with the settings it comes with; null where there is none. */
export async function startPostgres(): Promise<Postgres | null> {
  const bin = await serverFolder();
  if (bin === null) return null;
  const owner = await ownerOf();
  if (owner === null) return null;
  const data = await mkdtemp(join(tmpdir(), "tocsin-postgres-"));
  await chown(data, owner.uid, owner.gid);
  const [port = 0] = await freePorts(1);
  await run(join(bin, "initdb"), ["-D", data, "-U", "bench", "--auth", "trust", "--encoding", "UTF8"], {
    ...owner,
    cwd: data,
  });
  const server = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", data], {
    ...owner,
    cwd: data,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "exit");
  const stop = async () => {
    server.kill("SIGINT");
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  // It says so in its log.
  for await (const line of createInterface(server.stderr)) {
    if (line.includes("ready to accept connections")) break;
  }
  server.stderr.resume();
  if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
  return { url: `postgres://bench@127.0.0.1:${port}/postgres`, stop };
}

const yes = () => true;
const no = () => false;

/** Where `initdb` and `postgres` are: in the path, or where Debian keeps each version of them. */
async function serverFolder(): Promise<string | null> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const folders = [
    ...(process.env.PATH ?? "").split(":"),
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`),
  ];
  for (const folder of folders) {
    if (await access(join(folder, "initdb")).then(yes, no)) return folder;
  }
  return null;
}

/** The server refuses to run as root: the account that its package made does, if there is one. */
async function ownerOf(): Promise<{ uid: number; gid: number } | null> {
  const { uid, gid } = userInfo();
  if (uid !== 0) return { uid, gid };
  const number = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  return Promise.all([number("-u"), number("-g")]).then(
    ([postgresUid, postgresGid]) => ({ uid: postgresUid, gid: postgresGid }),
    () => null,
  );
}
