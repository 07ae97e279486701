import type { Clock, Random } from "../core/clock.ts";
import { newId } from "../core/ids.ts";
import { LEASE_MS } from "../core/lease.ts";
import { unreachable } from "../core/unreachable.ts";
import { inParallel } from "../lambda/in-parallel.ts";
import type { SiteBucket, SiteFile } from "../providers/site.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SignUp } from "../templates/public-page.ts";
import { fileHash, MANIFEST_PATH, type Manifest, PENDING, parseManifest } from "./manifest.ts";
import { type PageSnapshot, readPage } from "./read-page.ts";
import { incidentPaths, siteFiles } from "./site-files.ts";

/** What publishing needs of the status table: it reads, and holds the publication. */
type PublishingStatus = Pick<
  StatusStore,
  | "getPage"
  | "getCatalog"
  | "listIncidents"
  | "listUpdates"
  | "getPublication"
  | "leasePublication"
  | "finishPublication"
>;

export interface PublishDeps {
  status: PublishingStatus;
  site: SiteBucket;
  clock: Clock;
  random: Random;
  /** Without a trailing slash. */
  pageUrl: string;
  signUp: SignUp;
  /** Changes with the code and the settings: then every file is made again. */
  build: string;
}

export type PublishOutcome =
  | { outcome: "published"; version: number; written: number; removed: number; rounds: number }
  /** The files are of this version and build already. */
  | { outcome: "current" }
  /**
   * Another invocation is publishing. It repeats while the page has moved on, and sweep takes care of it if that
   * invocation died.
   */
  | { outcome: "busy" }
  /** The lease went to another invocation, which writes everything again. */
  | { outcome: "lost" }
  | { outcome: "no such page" };

const WRITES_AT_ONCE = 16;
/** Writes between two looks at the lease: a second's worth. */
const WRITES_PER_LEASE_CHECK = 200;

/**
 * Writes the page's files until they show its newest version. What woke it does not matter: it goes by the tables. No
 * change is lost: a publication ends only on the condition that the page is still at the version written.
 */
export async function publishPage(pageId: string, deps: PublishDeps): Promise<PublishOutcome> {
  const [page, publication] = await Promise.all([deps.status.getPage(pageId), deps.status.getPublication(pageId)]);
  if (page === null) return { outcome: "no such page" };
  if (publication.version === page.version && publication.build === deps.build) return { outcome: "current" };

  const lease = new PublishingLease(pageId, deps);
  if (!(await lease.take())) return { outcome: "busy" };
  try {
    return await publishUnderLease(pageId, lease, deps);
  } catch (error) {
    if (error instanceof LeaseLost) return { outcome: "lost" };
    // Released so that the retry of this record need not wait until the lease is over.
    await lease.release();
    throw error;
  }
}

async function publishUnderLease(pageId: string, lease: PublishingLease, deps: PublishDeps): Promise<PublishOutcome> {
  let manifest = parseManifest(await deps.site.read(MANIFEST_PATH));
  let [written, removed] = [0, 0];
  for (let rounds = 1; ; rounds += 1) {
    await lease.keep();
    const now = deps.clock();
    const { status, build, pageUrl, signUp } = deps;
    const snapshot = await readPage(pageId, manifest, {
      status,
      build,
      now,
      site: { pageUrl, signUp },
    });
    if (snapshot === null) return { outcome: "no such page" };
    const round = await writeRound(snapshot, manifest, lease, deps);
    manifest = round.manifest;
    written += round.written;
    removed += round.removed;

    const { version } = snapshot.page;
    const { outcome } = await deps.status.finishPublication(pageId, lease.holder, { version, build });
    switch (outcome) {
      case "finished":
        return { outcome: "published", version, written, removed, rounds };
      case "lost":
        return { outcome: "lost" };
      case "stale":
        break;
      default:
        return unreachable(outcome);
    }
  }
}

/** Writes one version of the page: writes what changed, removes what is gone, and writes the manifest last. */
async function writeRound(
  snapshot: PageSnapshot,
  before: Manifest,
  lease: PublishingLease,
  { site, pageUrl, signUp }: PublishDeps,
): Promise<{ manifest: Manifest; written: number; removed: number }> {
  const groups = siteFiles(snapshot, { pageUrl, signUp });
  const hashes = new Map(groups.flat().map((file) => [file.path, fileHash(file)]));
  const made = new Set(snapshot.incidents.map(({ incident }) => incident.id));
  const standing = snapshot.headers.filter(({ id }) => !made.has(id)).flatMap(({ id }) => incidentPaths(id));
  const files: Manifest["files"] = Object.fromEntries([
    ...standing.map((path) => [path, before.files[path] ?? PENDING] as const),
    ...hashes,
  ]);
  const manifest: Manifest = {
    version: snapshot.page.version,
    setting: snapshot.setting,
    files,
    incidents: Object.fromEntries(snapshot.headers.map(({ id, version }) => [id, version])),
    news: Object.fromEntries(snapshot.headers.map(({ id }, index) => [id, snapshot.news[index] ?? 0])),
  };

  const changedGroups = groups.map((group) => group.filter(({ path }) => before.files[path] !== hashes.get(path)));
  const changed = changedGroups.flat();
  // The manifest says it before it is done: if this run is cut short here, the next publication knows which files it
  // cannot rely on, and which to remove.
  if (changed.length > 0) {
    const pending = Object.fromEntries(changed.map(({ path }) => [path, PENDING]));
    await site.write(manifestFile({ ...before, files: { ...before.files, ...pending } }));
  }
  for (const group of changedGroups) {
    for (let start = 0; start < group.length; start += WRITES_PER_LEASE_CHECK) {
      await lease.keep();
      const slice = group.slice(start, start + WRITES_PER_LEASE_CHECK);
      await inParallel(slice, WRITES_AT_ONCE, (file) => site.write(file));
    }
  }
  const gone = Object.keys(before.files).filter((path) => !(path in files));
  await lease.keep();
  await inParallel(gone, WRITES_AT_ONCE, (path) => site.remove(path));
  await site.write(manifestFile(manifest));
  return { manifest, written: changed.length, removed: gone.length };
}

function manifestFile(manifest: Manifest): SiteFile {
  return {
    path: MANIFEST_PATH,
    body: JSON.stringify(manifest),
    contentType: "application/json; charset=utf-8",
    cacheControl: "no-store",
  };
}

class LeaseLost extends Error {}

/** The right to write the page's files. The holder renews it while there is much to write. */
class PublishingLease {
  readonly holder: string;
  private readonly pageId: string;
  private readonly deps: Pick<PublishDeps, "status" | "clock">;
  private until = 0;

  constructor(pageId: string, deps: Pick<PublishDeps, "status" | "clock" | "random">) {
    this.pageId = pageId;
    this.deps = deps;
    this.holder = newId(deps.random);
  }

  async take(): Promise<boolean> {
    const now = this.deps.clock();
    const until = now + LEASE_MS;
    const { outcome } = await this.deps.status.leasePublication(this.pageId, this.holder, now, until);
    if (outcome === "leased") this.until = until;
    return outcome === "leased";
  }

  /** Renews the lease once half its time is over. Throws LeaseLost if another holder has it. */
  async keep(): Promise<void> {
    if (this.deps.clock() < this.until - LEASE_MS / 2) return;
    if (!(await this.take())) throw new LeaseLost("another invocation publishes the page");
  }

  async release(): Promise<void> {
    await this.deps.status.leasePublication(this.pageId, this.holder, this.deps.clock(), 0);
  }
}
