import type { SiteBucket, SiteFile } from "../../functions/providers/site.ts";

export interface MemorySite extends SiteBucket {
  /** What is in the bucket, by path. */
  readonly files: ReadonlyMap<string, SiteFile>;
  /** Every write and removal, in order. */
  readonly log: readonly { did: "write" | "remove"; path: string }[];
  /** The n-th change from now on fails, before or after it took effect; null: none fails. */
  failAt(change: { nth: number; effect: "before" | "after" } | null): void;
  /** Called before each change takes effect. */
  beforeChange(hook: (path: string) => Promise<void>): void;
}

/** The bucket behind the page, in memory. */
export function memorySite(): MemorySite {
  const files = new Map<string, SiteFile>();
  const log: { did: "write" | "remove"; path: string }[] = [];
  let hook: (path: string) => Promise<void> = async () => {};
  let failure: { nth: number; effect: "before" | "after" } | null = null;

  async function change(did: "write" | "remove", path: string, run: () => void): Promise<void> {
    await hook(path);
    const fails = failure !== null && --failure.nth === 0 ? failure.effect : null;
    if (fails === "before") throw new Error("the bucket did not answer");
    run();
    log.push({ did, path });
    if (fails === "after") throw new Error("the bucket did not answer in time");
  }

  return {
    files,
    log,
    failAt(next) {
      failure = next === null ? null : { ...next };
    },
    beforeChange(next) {
      hook = next;
    },
    write: (file) => change("write", file.path, () => files.set(file.path, { ...file })),
    async read(path) {
      const file = files.get(path);
      return file === undefined ? null : Buffer.from(file.body).toString("utf8");
    },
    remove: (path) => change("remove", path, () => files.delete(path)),
  };
}
