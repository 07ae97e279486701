import { expect, it } from "vitest";
import type { SmsSubscriber, Subscriber } from "../../../functions/core/subscriber.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { followOptOuts } from "../../../functions/receive-feedback/follow-opt-outs.ts";
import { anId, aPage, aSubscriber, NOW } from "../../contract/samples.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";

const PHONES = ["+4915112340000", "+4915112345678", "+4915112349999"] as const;

async function world(pagesOfList: string[][]) {
  const status = memoryStatusStore({ putNotice: () => {} });
  const subscribers = memorySubscriberStore();
  const page = aPage();
  await status.createPage(page);
  let now = NOW + 1;
  let asked = 0;
  const deps = {
    status,
    subscribers,
    optOuts: {
      async page(after: string | null) {
        asked += 1;
        const index = Number(after ?? 0);
        return { phones: pagesOfList[index] ?? [], next: index + 1 < pagesOfList.length ? String(index + 1) : null };
      },
    },
    clock: () => now,
    log: createLogger({}, { info() {}, warn() {}, error() {} }),
  };
  return {
    run: () => followOptOuts(deps),
    asked: () => asked,
    takeLong() {
      const { page: quick } = deps.optOuts;
      deps.optOuts.page = async (after) => {
        now += 15_000;
        return quick(after);
      };
    },
    async subscribe(phone: string, state: Subscriber["state"] = "active") {
      const { email: _, ...common } = aSubscriber(page.id, { id: anId(), state });
      const subscriber: SmsSubscriber = { ...common, channel: "sms", phone, country: "DE" };
      await subscribers.create(subscriber);
      return async () => (await subscribers.get(page.id, "sms", subscriber.id))?.state;
    },
  };
}

it("unsubscribes whoever is on the list, on whatever page of it, and nobody else", async () => {
  const { run, subscribe, asked } = await world([[PHONES[0], "+15550000000"], [PHONES[1]]]);
  const states = [await subscribe(PHONES[0]), await subscribe(PHONES[1]), await subscribe(PHONES[2])];
  for (let hour = 0; hour < 2; hour += 1) await run();
  expect(await Promise.all(states.map((state) => state()))).toEqual(["unsubscribed", "unsubscribed", "active"]);
  expect(asked()).toBe(4);
});

it("leaves sign-ups that nobody confirmed", async () => {
  const { run, subscribe } = await world([[PHONES[0]]]);
  const state = await subscribe(PHONES[0], "unconfirmed");
  await run();
  expect(await state()).toBe("unconfirmed");
});

it("is an error when the list outlasts the invocation, after what was read of it was followed", async () => {
  const { run, subscribe, takeLong } = await world([[PHONES[0]], [PHONES[1]], [PHONES[2]]]);
  takeLong();
  const states = [await subscribe(PHONES[0]), await subscribe(PHONES[1]), await subscribe(PHONES[2])];
  await expect(run()).rejects.toThrow("too long");
  expect(await Promise.all(states.map((state) => state()))).toEqual(["unsubscribed", "unsubscribed", "active"]);
});
