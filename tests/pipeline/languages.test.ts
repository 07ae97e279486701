import { simpleParser } from "mailparser";
import { beforeEach, describe, expect, it } from "vitest";
import { CHAT_FORMATS } from "../../functions/core/subscriber.ts";
import { createWorld, type World } from "./world.ts";

let world: World;

beforeEach(async () => {
  world = createWorld();
  await world.start();
});

describe("an update", () => {
  it("is told to each by email and SMS in their own language", async () => {
    const readers = [
      { channel: "email", locale: "en", says: "Investigating" },
      { channel: "email", locale: "de", says: "Wird untersucht" },
      { channel: "sms", locale: "en", says: "Investigating" },
      { channel: "sms", locale: "de", says: "Wird untersucht" },
    ] as const;
    const told = await Promise.all(
      readers.map(async ({ channel, locale, says }) => ({ says, to: await world.subscribe(channel, { locale }) })),
    );
    await world.open();
    await world.settle();
    for (const { says, to } of told) {
      const [got, ...more] = world.told(world.addressOf(to));
      expect(more).toEqual([]);
      const text = to.channel === "email" ? (await simpleParser(got?.text ?? "")).text : got?.text;
      expect(text).toContain(says);
    }
  });

  it("is posted to each endpoint in its format, to chats in the language of whoever subscribed", async () => {
    const formats = ["statuspage", ...CHAT_FORMATS] as const;
    const hooks = await Promise.all(
      formats.map((format) => world.subscribe("webhook", { locale: "de" }, null, format)),
    );
    await world.open();
    await world.settle();
    const bodies = hooks.map((hook) => world.told(world.addressOf(hook)).map(({ text }) => text));
    expect(bodies.map((of) => of.length)).toEqual([1, 1, 1, 1]);
    const [statuspage = "", slack = "", discord = "", teams = ""] = bodies.flat();
    expect(JSON.parse(statuspage)).toHaveProperty("incident.status", "investigating");
    expect(JSON.parse(slack)).toHaveProperty("blocks");
    expect(JSON.parse(discord)).toHaveProperty("embeds");
    expect(JSON.parse(teams)).toHaveProperty("attachments");
    for (const chat of [slack, discord, teams]) {
      expect(chat).toContain("Wird untersucht");
      expect(chat).not.toContain("unsubscribe");
    }
    for (const hook of hooks) expect(world.told(world.addressOf(hook))[0]?.webhookId).not.toBeNull();
  });

  it("leaves nobody in doubt when a text cannot be read: an SMS is sent as soon as it can be", async () => {
    const to = await world.subscribe("sms", { locale: "de" });
    await world.open();
    world.crash.arm({ method: "getRendering", call: 1, when: "before" });
    await world.settle();
    await world.pass(3);
    const [delivery] = world.ledger.allDeliveries();
    expect(delivery).toMatchObject({ subscriberId: to.id, state: "accepted", unknownOutcomes: 0 });
    expect(world.told(world.addressOf(to))).toHaveLength(1);
  });
});
