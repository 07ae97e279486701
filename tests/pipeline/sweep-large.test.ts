import { beforeEach, describe, expect, it } from "vitest";
import type { Chunk } from "../../functions/core/chunk.ts";
import { type SweepDeps, sweep } from "../../functions/sweep/sweep.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

/** Ten million recipients in chunks of fifty. */
const CHUNKS = 200_000;

let world: World;

beforeEach(async () => {
  world = createWorld();
  await world.start();
  world.loseStream(true);
});

async function planned(chunks: number) {
  const { update } = await world.open();
  const notice = await world.ledger.getNotice(PAGE, update.id);
  if (notice === null) throw new Error("no notice");
  await world.ledger.markPlanned(notice, { email: chunks, sms: 0, webhook: 0 }, world.clock());
  return notice;
}

function deps(ledger: Partial<SweepDeps["ledger"]>): SweepDeps {
  return {
    status: world.status,
    ledger: { ...world.ledger, ...ledger },
    access: world.access,
    subscribers: world.subscribers,
    mail: { quota: async () => ({ perSecond: 1, leftToday: null }) },
    queues: world.queues.ports,
    pageBuild: "one",
    clock: world.clock,
  };
}

describe("a sweep", () => {
  it("ends an update of 200,000 chunks, and sweeps what is behind it", async () => {
    const large = await planned(CHUNKS);
    await world.open();
    world.advance(60_000);
    const { pageId, updateId, seq } = large;
    const key = { pageId, updateId, seq, channel: "email" as const };
    const listChunks = async (): Promise<Chunk[]> =>
      Array.from({ length: CHUNKS }, (_, chunk) => ({ ...DONE, ...key, chunk, of: CHUNKS, queuedAt: world.clock() }));
    const { counts, failures } = await sweep(deps({ listChunks }));
    expect(failures).toEqual([]);
    expect(counts).toMatchObject({ noticesDone: 1, noticesWoken: 1 });
  });

  it("sweeps what is behind a notice that fails, and tells of the failure", async () => {
    await planned(1);
    await world.open();
    world.advance(60_000);
    const { counts, failures } = await sweep(
      deps({
        listChunks: async () => {
          throw new Error("unreadable");
        },
      }),
    );
    expect(failures).toMatchObject([{ duty: "notices", error: { message: "unreadable" } }]);
    expect(counts.noticesWoken).toBe(1);
  });
});

describe("a sweep that cannot read how the channels are", () => {
  it("says so, and leaves what waits for none of them alone", async () => {
    await world.open();
    world.advance(60_000);
    const access = { ...world.access, getRate: () => Promise.reject(new Error("table busy")) };
    const { counts, failures } = await sweep({ ...deps({}), access });
    expect(failures.filter(({ duty }) => duty === "gates")).toMatchObject([
      { error: { message: "table busy" } },
      { error: { message: "table busy" } },
    ]);
    expect(failures.map(({ duty }) => duty)).not.toContain("notices");
    expect(failures.map(({ duty }) => duty)).not.toContain("retries");
    expect(counts.noticesWoken).toBe(1);
  });
});

const DONE = {
  state: "done" as const,
  leaseUntil: 0,
  attempt: 1,
  resend: 0,
  wakeAt: null,
  window: [],
  windowAgain: [],
  cursor: null,
  counts: { accepted: 50, failed: 0, suppressed: 0, superseded: 0, ambiguous: 0, open: 0, retried: 0 },
  retrying: [],
  histogram: { "100": 50 },
  slowestMs: 130,
  firstAcceptedAt: null,
  lastAcceptedAt: null,
};
