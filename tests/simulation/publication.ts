import fc from "fast-check";
import { newId } from "../../functions/core/ids.ts";
import { LEASE_MS } from "../../functions/core/lease.ts";
import { seededRandom } from "../../functions/core/seeded-random.ts";
import { type PublishDeps, publishPage } from "../../functions/publish-page/publish-page.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import { anIncident, opening } from "../contract/samples.ts";
import { memorySite } from "../fakes/memory-site.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { SIGN_UP, SITE, seedPage } from "../fixtures/seed-incident.ts";

const PAGE = { ...seedPage, version: 1 };
const INCIDENTS = 3;
/** Two records of each commit wake a publisher each: the page's and the incident's. */
const WAKES = 2;
const START = Date.parse("2025-07-07T12:00:00Z");

/** A seeded bug of the store that publishers use. */
export type PublicationMutation = (status: StatusStore) => StatusStore;

export const PUBLICATION_MUTANTS = {
  "a page's lease released unconditionally": (status) => ({
    ...status,
    async finishPublication(pageId, holder, published) {
      const finished = await status.finishPublication(pageId, holder, published);
      if (finished.outcome !== "stale") return finished;
      await status.leasePublication(pageId, holder, START, 0);
      return { outcome: "finished" };
    },
  }),
  "a page's lease that anybody may take": (status) => ({
    ...status,
    leasePublication: (pageId, holder, now, until) =>
      status.leasePublication(pageId, holder, now + 2 * LEASE_MS, until),
  }),
} satisfies Record<string, PublicationMutation>;

/**
 * Publishers that the stream wakes while incidents are being opened, their calls in any order. Once all of them have
 * ended, without any sweep, this holds: the page is published as it stands, and nothing older is left in the bucket.
 */
async function playPublication(schedule: fc.Scheduler, mutation: PublicationMutation | null): Promise<string | null> {
  const random = seededRandom("publication");
  const stored = memoryStatusStore({ putNotice: () => {} });
  await stored.createPage(PAGE);
  const site = memorySite();
  const inTurn = <T extends readonly unknown[], R>(call: (...given: T) => Promise<R>) =>
    schedule.scheduleFunction(call);
  const status: StatusStore = {
    ...stored,
    getPage: inTurn(stored.getPage),
    listIncidents: inTurn(stored.listIncidents),
    leasePublication: inTurn(stored.leasePublication),
    finishPublication: inTurn(stored.finishPublication),
  };
  const deps: PublishDeps = {
    status: mutation === null ? status : mutation(status),
    site: { ...site, read: inTurn(site.read), write: inTurn(site.write), remove: inTurn(site.remove) },
    signUp: SIGN_UP,
    clock: () => START,
    random,
    pageUrl: SITE.pageUrl,
    build: "one",
  };
  const publishers: Promise<unknown>[] = [];
  for (let count = 1; count <= INCIDENTS; count += 1) {
    const commit = opening(anIncident(PAGE.id, { incidentId: newId(random), updateId: newId(random) }), START);
    publishers.push(
      schedule
        .schedule(Promise.resolve())
        .then(() => stored.commitIncident(commit))
        .then(() => Promise.all(Array.from({ length: WAKES }, () => publishPage(PAGE.id, deps)))),
    );
  }
  await schedule.waitFor(Promise.all(publishers));

  const page = await stored.getPage(PAGE.id);
  const { version } = await stored.getPublication(PAGE.id);
  if (version !== page?.version) return `live: version ${page?.version} of the page, published ${version}`;
  const fresh = memorySite();
  await stored.forgetPublication(PAGE.id);
  await publishPage(PAGE.id, { ...deps, status: stored, site: fresh });
  for (const [path, file] of fresh.files) {
    if (site.files.get(path)?.body !== file.body) return `live: ${path} is not as the tables have it`;
  }
  return null;
}

/** Plays random orders until one breaks a promise. */
export async function huntPublication(
  mutation: PublicationMutation | null,
  seed: number,
  most: number,
): Promise<{ runs: number; broke: string | null }> {
  let broke: string | null = null;
  const details = await fc.check(
    fc.asyncProperty(fc.scheduler(), async (schedule) => {
      const found = await playPublication(schedule, mutation);
      broke ??= found;
      return found === null;
    }),
    { seed, numRuns: most, endOnFailure: true },
  );
  if (details.failed && broke === null) throw details.errorInstance;
  return { runs: details.numRuns, broke };
}
