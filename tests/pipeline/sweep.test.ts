import { beforeEach, describe, expect, it } from "vitest";
import type { ChunkWork, RetryWork } from "../../functions/core/queued-work.ts";
import { type SweepDeps, sweep } from "../../functions/sweep/sweep.ts";
import { until } from "../fixtures/progress.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

const CHUNKS = 35;
const SILENCE_MS = 10 * 60_000;

let world: World;
let sent: ChunkWork[][];

beforeEach(async () => {
  world = createWorld();
  await world.start();
  sent = [];
});

function deps(changes: Partial<SweepDeps> = {}): SweepDeps {
  return {
    status: world.status,
    ledger: world.ledger,
    access: world.access,
    subscribers: world.subscribers,
    mail: { quota: async () => ({ perSecond: 1, leftToday: null }) },
    queues: {
      ...world.queues.ports,
      sendChunks: async (works) => void sent.push([...works]),
    },
    pageBuild: "one",
    clock: world.clock,
    ...changes,
  };
}

/** An update whose queue lost all of its chunks long ago. */
async function silentUpdate(): Promise<void> {
  await planned(CHUNKS);
  world.advance(SILENCE_MS);
}

/** An update of a new incident. */
async function planned(chunks: number) {
  world.loseStream(true);
  const opened = await world.open();
  await markPlanned(opened.update.id, chunks);
  return opened;
}

async function markPlanned(updateId: string, chunks: number): Promise<void> {
  const notice = await world.ledger.getNotice(PAGE, updateId);
  if (notice === null) throw new Error("no notice");
  await world.ledger.markPlanned(notice, { email: chunks, sms: 0, webhook: 0 }, world.clock());
}

const numbersSent = () => sent.flat().map(({ chunk }) => chunk);

describe("a page in the bucket", () => {
  it("is written again when it was made with other settings or templates", async () => {
    const page = await world.status.getPage(PAGE);
    await world.status.leasePublication(PAGE, "publisher", world.clock(), world.clock() + 1);
    await world.status.finishPublication(PAGE, "publisher", { version: page?.version ?? 0, build: "one" });
    expect((await sweep(deps({ pageBuild: "one" }))).counts.pagesWoken).toBe(0);
    expect((await sweep(deps({ pageBuild: "two" }))).counts.pagesWoken).toBe(1);
  });
});

describe("a sweep over an update of many chunks", () => {
  it("queues all of them again, as many in one call as SQS takes", async () => {
    await silentUpdate();
    const { counts, failures } = await sweep(deps());
    expect(failures).toEqual([]);
    expect(counts.chunksResent).toBe(CHUNKS);
    expect(numbersSent().sort((a, b) => a - b)).toEqual(Array.from({ length: CHUNKS }, (_, chunk) => chunk));
    expect(sent.map((works) => works.length)).toEqual([10, 10, 10, 5]);
  });

  it("queues what it has marked, though the mark of one chunk fails", async () => {
    await silentUpdate();
    const { ledger } = world;
    const { counts, failures } = await sweep(
      deps({
        ledger: {
          ...ledger,
          async requeueChunk(key, now, queuedBefore) {
            if (key.chunk === 3) throw new Error("the table is not to be reached");
            return ledger.requeueChunk(key, now, queuedBefore);
          },
        },
      }),
    );
    expect(failures).toMatchObject([{ duty: "notices" }]);
    expect(numbersSent()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9]);
    expect(counts.chunksResent).toBe(9);
    // Its chunks stay marked as unheard, so the next sweep takes up exactly those that are left.
    sent = [];
    await sweep(deps());
    expect(numbersSent()).toHaveLength(CHUNKS - 9);
  });

  it("begins nothing more when its time is over, and the next one goes on", async () => {
    await silentUpdate();
    const slow: SweepDeps["queues"] = {
      ...world.queues.ports,
      async sendChunks(works) {
        sent.push([...works]);
        world.advance(30_000);
      },
    };
    const { failures } = await sweep(deps({ queues: slow }));
    expect(failures).toEqual([]);
    expect(numbersSent()).toHaveLength(20);
    await sweep(deps({ queues: slow }));
    expect(new Set(numbersSent()).size).toBe(CHUNKS);
  });
});

describe("a sweep over two updates of an incident whose queues were lost", () => {
  it("queues the earlier one's chunks before the later one's, however many of them there are", async () => {
    world.loseStream(true);
    const first = await world.open();
    const second = await world.post(first.incident.id, "identified");
    for (const { update, sms } of [
      { update: first.update, sms: CHUNKS },
      { update: second.update, sms: 0 },
    ]) {
      const notice = await world.ledger.getNotice(PAGE, update.id);
      if (notice === null) throw new Error("no notice");
      await world.ledger.markPlanned(notice, { email: 0, sms, webhook: 1 }, world.clock());
    }
    world.advance(SILENCE_MS);
    await sweep(deps());
    const webhooks = sent.flat().filter(({ channel }) => channel === "webhook");
    expect(webhooks.map(({ updateId }) => updateId)).toEqual([first.update.id, second.update.id]);
  });
});

describe("a sweep over many due retries", () => {
  it("leaves in sight what it has no time for", async () => {
    const readers = await Promise.all(Array.from({ length: 60 }, () => world.subscribe("webhook")));
    for (const reader of readers) {
      world.outside.answer(world.addressOf(reader), { outcome: "unavailable", reason: "down", retryAfterMs: null });
    }
    await world.open();
    const lost = { ...world.queues.ports, sendRetry: async () => {} };
    await world.settle();
    world.queues.lose();
    world.advance(SILENCE_MS);
    const queued: RetryWork[] = [];
    const slow: SweepDeps["queues"] = {
      ...lost,
      async sendRetry(work) {
        queued.push(work);
        world.advance(2_000);
      },
    };
    await sweep(deps({ queues: slow }));
    const first = queued.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(60);
    await sweep(deps({ queues: slow }));
    await sweep(deps({ queues: slow }));
    expect(new Set(queued.map(({ subscriberId }) => subscriberId)).size).toBe(60);
  });
});

describe("a sweep of which one duty is slow", () => {
  it("queues again what lost its queue, and the retries, while the page's table does not answer", async () => {
    await silentUpdate();
    let answer = () => {};
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const swept = sweep(
      deps({
        status: {
          ...world.status,
          async listPages() {
            await silence;
            return world.status.listPages();
          },
        },
      }),
    );
    await until("all chunks were queued again", () => sent.flat().length === CHUNKS);
    answer();
    expect((await swept).failures).toEqual([]);
  });

  it("gives each update its turn before one of 20,000 silent chunks takes the rest of the minute", async () => {
    const large = await planned(20_000);
    const small = await planned(CHUNKS);
    const later = await world.post(large.incident.id, "identified");
    await markPlanned(later.update.id, CHUNKS);
    world.advance(SILENCE_MS);
    const slow: SweepDeps["queues"] = {
      ...world.queues.ports,
      async sendChunks(works) {
        sent.push([...works]);
        world.advance(200);
      },
    };
    await sweep(deps({ queues: slow }));
    const of = (updateId: string) => sent.flat().filter((work) => work.updateId === updateId).length;
    expect(of(small.update.id)).toBe(CHUNKS);
    expect(of(large.update.id)).toBeGreaterThan(1_000);
    // What is later in the same incident waits until all of the earlier one is queued.
    expect(of(later.update.id)).toBe(0);
  });
});
