import { expect, it } from "vitest";
import type { EmailSubscriber } from "../../../functions/core/subscriber.ts";
import { changeSubscriber } from "../../../functions/subscriptions/change-subscriber.ts";
import { newEmailSubscriber } from "../../../functions/subscriptions/new-subscriber.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";

const ADA = newEmailSubscriber(
  {
    pageId: "examplepage1",
    id: "adalovelace1",
    contact: { channel: "email", email: "ada@example.org" },
    scopes: { page: true, components: [], incidents: [] },
    locale: "en",
    confirmed: true,
  },
  1,
);

const paused = (present: EmailSubscriber) => (present.pausedAt === null ? { ...present, pausedAt: 7 } : null);

/** A store in which somebody else pauses, or resumes, the subscriber before each of the first `times` replacements. */
async function contended(times: number) {
  const store = memorySubscriberStore();
  await store.create(ADA);
  let left = times;
  const replace: typeof store.replace = async (read, next) => {
    left -= 1;
    if (left >= 0) await store.replace(read, { ...read, pausedAt: null, locale: left % 2 === 0 ? "de" : "en" });
    return store.replace(read, next);
  };
  return { store, subscribers: { replace } };
}

it("asks again about what somebody else left", async () => {
  const { store, subscribers } = await contended(1);
  const changed = await changeSubscriber({ subscribers }, ADA, paused);
  expect(changed).toMatchObject({
    outcome: "changed",
    before: { locale: "de", pausedAt: null },
    subscriber: { locale: "de", pausedAt: 7 },
  });
  expect(await store.get(ADA.pageId, "email", ADA.id)).toMatchObject({ locale: "de", pausedAt: 7 });
});

it("stores nothing where there is nothing to change", async () => {
  const { store, subscribers } = await contended(0);
  const isPaused = { ...ADA, pausedAt: 3 };
  expect(await changeSubscriber({ subscribers }, isPaused, paused)).toEqual({ outcome: "kept", subscriber: isPaused });
  expect(await store.get(ADA.pageId, "email", ADA.id)).toEqual(ADA);
});

it("gives up when others are faster again and again", async () => {
  const { store, subscribers } = await contended(100);
  expect(await changeSubscriber({ subscribers }, ADA, paused)).toEqual({ outcome: "contended" });
  expect(await store.get(ADA.pageId, "email", ADA.id)).toMatchObject({ pausedAt: null });
});

it("says that the subscriber is gone", async () => {
  const subscribers = memorySubscriberStore();
  expect(await changeSubscriber({ subscribers }, ADA, paused)).toEqual({ outcome: "missing" });
});
