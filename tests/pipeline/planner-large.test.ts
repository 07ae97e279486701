import { beforeEach, describe, expect, it } from "vitest";
import type { ChunkWork } from "../../functions/core/queued-work.ts";
import { CHUNKS_PER_PART, planNotice } from "../../functions/plan-notifications/plan.ts";
import { Crash } from "../fakes/crash.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

/** Ten million recipients in chunks of fifty; of webhooks, one chunk. */
const MAIL_CHUNKS = 200_000;
const PARTS = MAIL_CHUNKS / CHUNKS_PER_PART;
const SIX_MINUTES = 6 * 60_000;

let world: World;

beforeEach(async () => {
  world = createWorld();
  await world.start();
  world.loseStream(true);
});

/** A planner whose queue `takes` each call so long, and that dies in the call of that number (null: it lives). */
function planner(updateId: string, takes: number) {
  const queued: ChunkWork[][] = [];
  const woken: string[] = [];
  let diesAt: number | null = null;
  const plan = async (dies: number | null = null) => {
    diesAt = dies === null ? null : queued.length + dies;
    return planNotice(
      { pageId: PAGE, updateId },
      {
        ...world.planDeps,
        subscribers: {
          ...world.subscribers,
          estimate: async (_pageId, channel) => (channel === "email" ? MAIL_CHUNKS * 50 : 0),
        },
        queues: {
          sendChunks: async (works) => {
            world.advance(takes);
            queued.push([...works]);
            if (queued.length === diesAt) throw new Crash("in the middle");
          },
          wakePlanner: async (work) => void woken.push(work.updateId),
        },
      },
    );
  };
  return { plan, queued, woken };
}

const named = (works: ChunkWork[][]) => works.flat().map(({ channel, chunk }) => `${channel} ${chunk}`);

describe("a planner of 200,000 chunks", () => {
  it("goes on where it was ended, twice, however much later", async () => {
    const { update } = await world.open();
    const { plan, queued } = planner(update.id, 1);
    await expect(plan(50)).rejects.toThrow(Crash);
    // SQS has forgotten the first ones' deduplication ids by now.
    world.advance(SIX_MINUTES);
    await expect(plan(90)).rejects.toThrow(Crash);
    world.advance(SIX_MINUTES);
    expect(await plan()).toMatchObject({ outcome: "planned", plan: { email: MAIL_CHUNKS, sms: 1, webhook: 1 } });
    expect(new Set(named(queued)).size).toBe(MAIL_CHUNKS + 2);
    // Twice only what it died over.
    expect(queued).toHaveLength(PARTS + 1 + 2);
    expect(await world.ledger.getNotice(PAGE, update.id)).toMatchObject({ state: "planned" });
  });

  it("goes on in another invocation before its time is over, and publishes to the topic once", async () => {
    const { update } = await world.open();
    const { plan, queued, woken } = planner(update.id, 1_000);
    let runs = 0;
    for (let outcome = "goes on"; outcome === "goes on"; runs += 1) {
      const began = world.clock();
      ({ outcome } = await plan());
      expect(world.clock() - began).toBeLessThan(45_000);
      expect(runs).toBeLessThan(10);
    }
    expect(woken).toEqual(Array.from({ length: runs - 1 }, () => update.id));
    expect(named(queued)).toHaveLength(MAIL_CHUNKS + 2);
    expect(world.outside.published).toHaveLength(1);
  });

  it("queues the channels with few chunks first", async () => {
    const { update } = await world.open();
    const { plan, queued } = planner(update.id, 1);
    await plan();
    expect(named(queued).slice(0, 3)).toEqual(["sms 0", "webhook 0", "email 0"]);
  });

  it("leaves it to one that is ahead", async () => {
    const { update } = await world.open();
    const { plan, queued } = planner(update.id, 1);
    const notice = await world.ledger.getNotice(PAGE, update.id);
    if (notice === null) throw new Error("no notice");
    const behind = plan();
    await world.ledger.noteQueued(notice, 100 * CHUNKS_PER_PART);
    expect(await behind).toEqual({ outcome: "nothing to plan" });
    expect(queued.length).toBeLessThan(5);
  });
});
