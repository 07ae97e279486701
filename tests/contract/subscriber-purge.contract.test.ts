import { expect, it } from "vitest";
import type { EmailSubscriber, Subscriber, WebhookSubscriber } from "../../functions/core/subscriber.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { anId, NOW } from "./samples.ts";
import { aWebhook, describeSubscribers, ids } from "./subscriber-subject.ts";

describeSubscribers("who will be removed", ({ withSubscribers, withOne }) => {
  const DAY_MS = 24 * 60 * 60 * 1_000;
  const AFTER_MS = 90 * DAY_MS;
  const UNCONFIRMED = { state: "unconfirmed", confirmedAt: null } as const;

  /** Of these pages alone: the index is of the whole table. */
  async function purgeable(store: SubscriberStore, pageId: string, now: number): Promise<string[]> {
    const listed = await store.listPurgeable(now, 1_000);
    return listed.filter((subscriber) => subscriber.pageId === pageId).map(({ id }) => id);
  }

  it("has not confirmed, or was in quarantine, for 90 days; the longest first", async () => {
    const { store, pageId, subscribers } = await withSubscribers(
      4,
      (index) =>
        [
          { ...UNCONFIRMED, updatedAt: NOW + 2 },
          { state: "quarantined" as const, quarantinedAt: NOW + 1 },
          { state: "active" as const },
          { state: "unsubscribed" as const, quarantinedAt: NOW },
        ][index] ?? {},
    );
    const [unconfirmed = "", quarantined = ""] = subscribers.map(({ id }) => id);
    expect(await purgeable(store, pageId, NOW + AFTER_MS)).toEqual([]);
    expect(await purgeable(store, pageId, NOW + 1 + AFTER_MS)).toEqual([quarantined]);
    expect(await purgeable(store, pageId, NOW + 2 + AFTER_MS)).toEqual([quarantined, unconfirmed]);
    const first = await store.listPurgeable(NOW + 2 + AFTER_MS, 1);
    expect(first).toHaveLength(1);
  });

  it.each<[string, (store: SubscriberStore, subscriber: EmailSubscriber) => Promise<unknown>]>([
    ["confirms", (store, { pageId, id }) => store.confirm(pageId, "email", id, "aa", NOW + 1)],
    [
      "leaves",
      (store, { pageId, id }) =>
        store.changeState(pageId, "email", id, { from: ["unconfirmed"], to: "unsubscribed" }, NOW + 1),
    ],
    [
      "is vouched for",
      (store, subscriber) => store.replace(subscriber, { ...subscriber, state: "active", confirmedAt: NOW }),
    ],
    ["is removed", (store, { pageId, id }) => store.remove(pageId, "email", id)],
  ])("is not who %s", async (_, happen) => {
    const { store, pageId, subscriber } = await withOne({ ...UNCONFIRMED, confirmTokenHash: "aa" });
    await happen(store, subscriber);
    expect(await purgeable(store, pageId, NOW + 2 * AFTER_MS)).toEqual([]);
  });

  it.each<[string, (store: SubscriberStore, subscriber: EmailSubscriber) => Promise<unknown>]>([
    ["a new confirmation", (store, { pageId, id }) => store.saveConfirmToken(pageId, "email", id, "bb", NOW + 9)],
    [
      "other scopes",
      (store, { pageId, id, scopes }) => store.saveScopes(pageId, "email", id, { ...scopes, page: false }, NOW + 9),
    ],
    [
      "a new sign-up",
      (store, { pageId, id }) =>
        store.changeState(pageId, "email", id, { from: ["unconfirmed"], to: "unconfirmed" }, NOW + 9),
    ],
    [
      "quarantine",
      (store, { pageId, id }) =>
        store.changeState(pageId, "email", id, { from: ["unconfirmed"], to: "quarantined" }, NOW + 9),
    ],
    [
      "an invitation",
      (store, { pageId, id, scopes, preferences }) =>
        store.invite(pageId, "email", id, { hash: "aa", at: NOW, scopes, preferences, locale: "en" }, NOW + 9),
    ],
    ["a whole change", (store, subscriber) => store.replace(subscriber, { ...subscriber, updatedAt: NOW + 9 })],
  ])("has 90 days anew from %s on", async (_, happen) => {
    const { store, pageId, id, subscriber } = await withOne(UNCONFIRMED);
    await happen(store, subscriber);
    expect(await purgeable(store, pageId, NOW + 8 + AFTER_MS)).toEqual([]);
    expect(await purgeable(store, pageId, NOW + 9 + AFTER_MS)).toEqual([id]);
  });

  it("is an endpoint too that proved once whose it is, whose secret gives it 90 days anew", async () => {
    const { store, pageId, subscriber } = await withOne();
    const hook: WebhookSubscriber = { ...aWebhook(subscriber), ...UNCONFIRMED, confirmedAt: NOW - 1 };
    await store.create(hook);
    const rotate = (from: number) => store.rotateSecret(pageId, hook.id, from, { id: anId(), at: NOW + 9 });
    expect(await rotate(7)).toMatchObject({ outcome: "unchanged" });
    expect(await rotate(1)).toMatchObject({ outcome: "changed", subscriber: { secretVersion: 2 } });
    expect(await purgeable(store, pageId, NOW + 8 + AFTER_MS)).toEqual([]);
    expect(await purgeable(store, pageId, NOW + 9 + AFTER_MS)).toEqual([hook.id]);
  });

  it("is in quarantine no longer because of other scopes", async () => {
    const { store, pageId, id, subscriber } = await withOne({ state: "quarantined", quarantinedAt: NOW });
    await store.saveScopes(pageId, "email", id, subscriber.scopes, NOW + 9);
    expect(await purgeable(store, pageId, NOW + AFTER_MS)).toEqual([id]);
  });

  it("is listed page by page before that too, whatever else there is", async () => {
    const { store, pageId, subscribers } = await withSubscribers(
      60,
      (index) =>
        [
          UNCONFIRMED,
          { state: "quarantined" as const, quarantinedAt: NOW + index },
          { state: "active" as const },
          { state: "unsubscribed" as const },
        ][index % 4] ?? {},
    );
    const [first] = subscribers;
    await store.changeState(pageId, "email", first?.id ?? "", { from: ["unconfirmed"], to: "active" }, NOW);
    const seen: Subscriber[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: Subscriber[]; next: string | null } = await store.listUnsettled(2, cursor);
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.filter((each) => each.pageId === pageId));
      cursor = page.next;
    } while (cursor !== null);
    const wanted = subscribers.filter((_, index) => index % 4 < 2 && index > 0);
    expect(ids(seen)).toEqual(ids(wanted));
    await expect(store.listUnsettled(2, "8")).rejects.toThrow(InvalidCursorError);
  });

  it("is removed with the claim on the address, but not if anything changed meanwhile", async () => {
    const { store, pageId, id, subscriber } = await withOne({ ...UNCONFIRMED, confirmTokenHash: "aa" });
    await store.confirm(pageId, "email", id, "aa", NOW + 1);
    expect(await store.removeUnchanged(subscriber)).toEqual({ outcome: "unchanged" });
    const present = await store.get(pageId, "email", id);
    expect(present).toMatchObject({ state: "active" });
    expect(await store.removeUnchanged(present ?? subscriber)).toEqual({ outcome: "removed" });
    expect(await store.removeUnchanged(present ?? subscriber)).toEqual({ outcome: "unchanged" });
    expect(await store.find(pageId, id)).toBeNull();
    expect(await store.create({ ...subscriber, id: anId() })).toEqual({ outcome: "created" });
  });

  it("is an endpoint too, and one that never proved whose it is already after a day", async () => {
    const { store, pageId, subscriber } = await withOne();
    const hooks = [
      { ...aWebhook(subscriber), ...UNCONFIRMED, confirmedAt: null },
      { ...aWebhook(subscriber), ...UNCONFIRMED, confirmedAt: NOW - 1 },
      { ...aWebhook(subscriber), state: "quarantined" as const, quarantinedAt: NOW },
    ].map((hook, index): WebhookSubscriber => ({ ...hook, endpoint: `https://example.com/${index}` }));
    for (const hook of hooks) await store.create(hook);
    const [unproven] = hooks;
    if (unproven === undefined) throw new Error("there is one");
    expect(await purgeable(store, pageId, NOW + DAY_MS - 1)).toEqual([]);
    expect(await purgeable(store, pageId, NOW + DAY_MS)).toEqual([unproven.id]);
    await store.rotateSecret(pageId, unproven.id, 1, { id: anId(), at: NOW + 9 });
    expect(await purgeable(store, pageId, NOW + DAY_MS)).toEqual([]);
    expect(await purgeable(store, pageId, NOW + DAY_MS + 9)).toEqual([unproven.id]);
    expect((await purgeable(store, pageId, NOW + AFTER_MS)).sort()).toEqual(hooks.map(({ id }) => id).sort());
    const present = await store.get(pageId, "webhook", unproven.id);
    expect(await store.removeUnchanged(present ?? unproven)).toEqual({ outcome: "removed" });
  });
});
