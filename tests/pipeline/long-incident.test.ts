import { beforeEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { openIncident, type PostingOutcome, postUpdate } from "../../functions/core/posting.ts";
import { updateReport } from "../../functions/core/report.ts";
import { BOMBS } from "../fixtures/markdown-bombs.ts";
import { PAGE } from "./samples.ts";
import { createWorld, type World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = createWorld();
  await world.start();
});

/** Posts updates of these bodies, whatever the door says of them; of all but the last one nobody is told. */
async function post(bodies: readonly string[]) {
  const common = { status: "investigating" as const, components: {}, displayAt: null };
  const id = (seq: number) => `update${String(seq).padStart(6, "0")}`;
  const catalog = await world.status.getCatalog(PAGE);
  let incident: Parameters<typeof postUpdate>[0] | null = null;
  for (const [index, body] of bodies.entries()) {
    const input = { ...common, body, updateId: id(index + 1), deliverNotifications: index === bodies.length - 1 };
    const posted: PostingOutcome =
      incident === null
        ? openIncident(
            {
              ...input,
              pageId: PAGE,
              incidentId: "incident0001",
              name: "Outage",
              impactOverride: null,
              schedule: null,
              backfilled: false,
              metadata: {},
            },
            catalog,
            world.clock(),
          )
        : postUpdate(incident, input, catalog, world.clock());
    if (posted.outcome !== "ready") throw new Error(posted.outcome);
    await world.status.commitIncident(posted.commit);
    incident = posted.commit.incident;
  }
  return id(bodies.length);
}

const bodySchema = z.object({
  meta: z.object({ left_out: z.optional(z.object({ incident_updates: z.number(), url: z.string() })) }),
  incident: z.object({ incident_updates: z.array(z.object({ body: z.string() })) }),
});

describe("everybody is told of an incident", () => {
  it.each([
    [
      "of 200 updates of the greatest length",
      Array.from({ length: 200 }, (_, index) => `${index} ${"ж".repeat(24_990)}`),
    ],
    ["whose stored bodies are bombs", BOMBS.map(({ body }) => body)],
    [
      "of four bombs and a short update",
      [...Array.from({ length: 4 }, () => BOMBS[0]?.body ?? ""), "It is over soon."],
    ],
    ["whose newest update is 25,000 emoji", ["🚨".repeat(25_000)]],
  ])("%s", async (_, bodies) => {
    const [email, webhook] = [await world.subscribe("email"), await world.subscribe("webhook")];
    await post(bodies);
    await world.pass(2);
    const [mail] = world.told(world.addressOf(email));
    expect(mail).toBeDefined();
    expect(Buffer.byteLength(mail?.text ?? "")).toBeLessThan(60_000);
    const [posted] = world.told(world.addressOf(webhook));
    const body = bodySchema.parse(JSON.parse(posted?.text ?? ""));
    const { incident_updates: told } = body.incident;
    expect(told.length).toBeGreaterThan(0);
    expect(told.length + (body.meta.left_out?.incident_updates ?? 0)).toBe(bodies.length);
    expect(told.at(0)?.body.slice(0, 100)).toBe(bodies.at(-1)?.slice(0, 100));
    expect(world.outside.published).toHaveLength(1);
  });
});

describe("what the topic does not take", () => {
  const topicOf = async (updateId: string) => {
    const notice = await world.ledger.getNotice(PAGE, updateId);
    if (notice?.kind !== "update") throw new Error("no notice");
    return updateReport(notice, [], world.clock()).topic;
  };

  it("for good keeps nobody from being told, and stands in the report", async () => {
    const email = await world.subscribe("email");
    world.outside.answerTopic({ outcome: "refused", reason: "message too long" });
    const id = await post(["Down."]);
    await world.pass(5);
    expect(world.told(world.addressOf(email))).toHaveLength(1);
    expect(await topicOf(id)).toEqual({ state: "refused", reason: "message too long" });
    expect(world.outside.published).toEqual([]);
  });

  it("for now is published once it does, and everybody is told meanwhile", async () => {
    const email = await world.subscribe("email");
    const missing = { outcome: "unavailable", reason: "queue or topic missing" } as const;
    world.outside.answerTopic(missing, missing, missing);
    const id = await post(["Down."]);
    await world.pass(2);
    expect(world.told(world.addressOf(email))).toHaveLength(1);
    expect(await topicOf(id)).toMatchObject({ state: "waiting" });
    await world.pass(4);
    expect(await topicOf(id)).toEqual({ state: "published", reason: null });
    expect(world.outside.published).toHaveLength(1);
    await world.pass(2);
    expect((await world.ledger.getNotice(PAGE, id))?.state).toBe("done");
  });

  it("for a day is given up", async () => {
    world.outside.answerTopic(
      ...Array.from({ length: 2_000 }, () => ({ outcome: "unavailable", reason: "throttle" }) as const),
    );
    const id = await post(["Down."]);
    await world.pass(1);
    world.advance(24 * 60 * 60_000);
    await world.pass(3);
    expect(await topicOf(id)).toEqual({ state: "refused", reason: "throttle" });
    expect((await world.ledger.getNotice(PAGE, id))?.state).toBe("done");
  });
});
