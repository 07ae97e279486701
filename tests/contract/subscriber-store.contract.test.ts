import { expect, it } from "vitest";
import { chunkRange } from "../../functions/core/chunk.ts";
import {
  ALL_UPDATES,
  FIRST_AND_LAST,
  type SmsSubscriber,
  type Subscriber,
  type WebhookSubscriber,
} from "../../functions/core/subscriber.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import { positionKey } from "../../functions/store/subscribers/subscriber-items.ts";
import { anId, aSubscriber, NOW } from "./samples.ts";
import { aWebhook, describeSubscribers, ids } from "./subscriber-subject.ts";

describeSubscribers("subscriber store", ({ subject, withSubscribers, withOne }) => {
  it("keeps subscribers of every channel and finds them by id alone", async () => {
    const { store, pageId, subscriber } = await withOne();
    const { email: _, ...common } = subscriber;
    const sms: SmsSubscriber = {
      ...common,
      id: anId(),
      channel: "sms",
      phone: "+4915112345678",
      country: "DE",
      preferences: FIRST_AND_LAST,
    };
    const webhook: WebhookSubscriber = {
      ...aWebhook(subscriber),
      scopes: { page: false, components: [anId()], incidents: [anId(), anId()] },
    };
    for (const other of [sms, webhook]) expect(await store.create(other)).toEqual({ outcome: "created" });
    for (const one of [subscriber, sms, webhook]) {
      expect(await store.get(pageId, one.channel, one.id)).toEqual(one);
      expect(await store.find(pageId, one.id)).toEqual(one);
    }
    expect(await store.get(pageId, "sms", subscriber.id)).toBeNull();
    expect(await store.find(pageId, anId())).toBeNull();
    expect(await store.find(anId(), subscriber.id)).toBeNull();
  });

  it("lets one of many parallel sign-ups have an address", async () => {
    const store = subject();
    const pageId = anId();
    const email = "Ana@Example.com";
    const rivals = Array.from({ length: 12 }, (_, index) =>
      aSubscriber(pageId, { email: index % 2 === 0 ? email : email.toLowerCase() }),
    );
    const outcomes = await Promise.all(rivals.map((rival) => store.create(rival)));
    const winner = rivals[outcomes.findIndex(({ outcome }) => outcome === "created")];
    expect(outcomes.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.outcome === "exists") expect(outcome.subscriberId).toBe(winner?.id);
    }
    expect(ids((await store.list(pageId, "email", 50, null)).items)).toEqual([winner?.id]);
    expect(await store.create(aSubscriber(anId(), { email }))).toEqual({ outcome: "created" });
  });

  it("does not take an id twice, and then leaves the address free", async () => {
    const { store, pageId, id } = await withOne();
    const address = { email: "other@example.com" };
    expect(await store.create(aSubscriber(pageId, { id, ...address }))).toEqual({
      outcome: "exists",
      subscriberId: id,
    });
    expect(await store.create(aSubscriber(pageId, address))).toEqual({ outcome: "created" });
  });

  it("gets many, leaving out the missing and the doubled", async () => {
    const { store, pageId, subscribers } = await withSubscribers(60);
    const wanted = [...subscribers.map(({ id }) => id), ...subscribers.slice(0, 9).map(({ id }) => id), anId(), anId()];
    expect(ids(await store.getMany(pageId, "email", wanted))).toEqual(ids(subscribers));
    expect(await store.getMany(pageId, "email", [])).toEqual([]);
  });

  it("lists in order of position, page by page, whatever the state", async () => {
    const { store, pageId, subscribers } = await withSubscribers(23, (index) => ({
      state: index % 2 === 0 ? "active" : "unsubscribed",
    }));
    const seen: Subscriber[] = [];
    let cursor: string | null = null;
    do {
      const { items, next }: { items: Subscriber[]; next: string | null } = await store.list(
        pageId,
        "email",
        5,
        cursor,
      );
      seen.push(...items);
      cursor = next;
    } while (cursor !== null);
    expect(seen.map(({ id }) => positionKey(id))).toEqual(subscribers.map(({ id }) => positionKey(id)).sort());
    expect((await store.list(pageId, "email", 23, null)).next).toBeNull();
    await expect(store.list(pageId, "email", 5, "x")).rejects.toThrow(InvalidCursorError);
    expect(await store.estimate(pageId, "email")).toBe(23);
    expect(await store.estimate(pageId, "sms")).toBe(0);
  });

  it.each([1, 2, 7, 64])("splits the audience into %i ranges that partition it", async (of) => {
    const { store, pageId, subscribers } = await withSubscribers(90, (index) => ({
      state: index % 9 === 0 ? "quarantined" : "active",
    }));
    const seen: Subscriber[] = [];
    for (let chunk = 0; chunk < of; chunk += 1) {
      const range = chunkRange(chunk, of);
      for (let after: string | null = null, more = true; more; ) {
        const { items, next } = await store.listRange(pageId, "email", range, after, 8);
        for (const { id } of items) {
          expect(positionKey(id).slice(0, 8) >= range.from && positionKey(id).slice(0, 8) <= range.to).toBe(true);
        }
        seen.push(...items);
        after = next;
        more = next !== null;
      }
    }
    expect(ids(seen)).toEqual(ids(subscribers.filter(({ state }) => state === "active")));
  });

  it("goes on after the one looked at last, even when that one is gone", async () => {
    const { store, pageId, subscribers } = await withSubscribers(6);
    const order = subscribers.map(({ id }) => positionKey(id)).sort();
    const whole = chunkRange(0, 1);
    const first = await store.listRange(pageId, "email", whole, null, 2);
    expect(first.next).toBe(order[1]);
    await store.remove(pageId, "email", first.items[1]?.id ?? "");
    const rest = await store.listRange(pageId, "email", whole, first.next, 10);
    expect(rest.items.map(({ id }) => positionKey(id))).toEqual(order.slice(2));
    expect(await store.listRange(pageId, "email", whole, order[5] ?? "", 10)).toEqual({ items: [], next: null });
  });

  it("confirms once, with the right token only", async () => {
    const { store, pageId, id } = await withOne({ state: "unconfirmed", confirmedAt: null, confirmTokenHash: "aa" });
    expect(await store.confirm(pageId, "email", id, "bb", NOW + 1)).toMatchObject({ outcome: "unchanged" });
    const outcomes = await Promise.all([1, 2, 3].map((ms) => store.confirm(pageId, "email", id, "aa", NOW + ms)));
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["changed", "unchanged", "unchanged"]);
    const confirmed = await store.get(pageId, "email", id);
    expect(confirmed?.state).toBe("active");
    expect(confirmed?.confirmedAt).toBeGreaterThan(NOW);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ subscriber: { state: "active" } });
    expect(await store.confirm(pageId, "email", anId(), "aa", NOW)).toEqual({ outcome: "missing" });
  });

  it("does not let an old token confirm a new sign-up", async () => {
    const { store, pageId, id } = await withOne({ state: "unconfirmed", confirmedAt: null, confirmTokenHash: "aa" });
    await store.confirm(pageId, "email", id, "aa", NOW);
    await store.changeState(pageId, "email", id, { from: ["active"], to: "unsubscribed" }, NOW + 1);
    expect(await store.confirm(pageId, "email", id, "aa", NOW + 2)).toMatchObject({ outcome: "unchanged" });
    await store.changeState(pageId, "email", id, { from: ["unsubscribed"], to: "unconfirmed" }, NOW + 3);
    expect(await store.confirm(pageId, "email", id, "aa", NOW + 4)).toMatchObject({ outcome: "unchanged" });
    expect(await store.saveConfirmToken(pageId, "email", id, "cc", NOW + 5)).toMatchObject({ outcome: "changed" });
    expect(await store.confirm(pageId, "email", id, "cc", NOW + 6)).toMatchObject({
      outcome: "changed",
      subscriber: { state: "active", confirmedAt: NOW + 6, unsubscribedAt: null },
    });
    expect(await store.saveConfirmToken(pageId, "email", id, "dd", NOW + 7)).toMatchObject({ outcome: "unchanged" });
  });

  it("rotates a webhook's secret from the version given, once", async () => {
    const { store, pageId, subscriber } = await withOne();
    const webhook = aWebhook(subscriber);
    await store.create(webhook);
    const rotation = { id: anId(), at: NOW + 1 };
    const rotated = { ...webhook, secretVersion: 2, rotation, updatedAt: NOW + 1 };
    const rivals = await Promise.all([
      store.rotateSecret(pageId, webhook.id, 1, rotation),
      store.rotateSecret(pageId, webhook.id, 1, rotation),
    ]);
    expect(rivals.map(({ outcome }) => outcome).sort()).toEqual(["changed", "unchanged"]);
    expect(await store.get(pageId, "webhook", webhook.id)).toEqual(rotated);
    expect(await store.rotateSecret(pageId, subscriber.id, 1, rotation)).toEqual({ outcome: "missing" });
  });

  it("changes state from the states given and sets the time that goes with it", async () => {
    const { store, pageId, id, subscriber } = await withOne();
    const to = (from: Subscriber["state"][], state: Subscriber["state"], now: number) =>
      store.changeState(pageId, "email", id, { from, to: state }, now);
    expect(await to(["unconfirmed", "unsubscribed"], "active", NOW + 1)).toEqual({
      outcome: "unchanged",
      subscriber,
    });
    expect(await to([], "active", NOW + 1)).toEqual({ outcome: "unchanged", subscriber });
    expect(await to(["active"], "quarantined", NOW + 2)).toEqual({
      outcome: "changed",
      subscriber: { ...subscriber, state: "quarantined", quarantinedAt: NOW + 2, updatedAt: NOW + 2 },
    });
    expect(await to(["quarantined", "unsubscribed"], "active", NOW + 3)).toMatchObject({
      subscriber: { state: "active", quarantinedAt: null, confirmedAt: NOW + 3 },
    });
    expect(await to(["active"], "unsubscribed", NOW + 4)).toMatchObject({ subscriber: { unsubscribedAt: NOW + 4 } });
    expect(await store.changeState(pageId, "sms", id, { from: ["active"], to: "unsubscribed" }, NOW)).toEqual({
      outcome: "missing",
    });
    expect(await store.get(pageId, "sms", id)).toBeNull();
  });

  it.each(["active", "unconfirmed"] as const)("forgets why an address was in quarantine once it is %s", async (to) => {
    const { store, pageId, id, subscriber } = await withOne({
      state: "quarantined",
      quarantinedAt: NOW,
      quarantineReason: "bounce",
      transientBounces: { days: 4, since: NOW - 4, lastAt: NOW - 1 },
    });
    await store.changeState(pageId, "email", id, { from: ["quarantined"], to }, NOW + 1);
    const { quarantineReason: _, transientBounces: __, ...rest } = subscriber;
    const times = { quarantinedAt: null, confirmedAt: to === "active" ? NOW + 1 : null, updatedAt: NOW + 1 };
    const present = await store.get(pageId, "email", id);
    expect(present).toEqual({ ...rest, state: to, ...times });
  });

  it("saves scopes", async () => {
    const { store, pageId, id, subscriber } = await withOne();
    const scopes = { page: false, components: [anId()], incidents: [] };
    expect(await store.saveScopes(pageId, "email", id, scopes, NOW + 1)).toEqual({
      outcome: "changed",
      subscriber: { ...subscriber, scopes, updatedAt: NOW + 1 },
    });
    expect(await store.saveScopes(pageId, "email", anId(), scopes, NOW)).toEqual({ outcome: "missing" });
  });

  it("finds the holder of an address", async () => {
    const { store, pageId, subscriber } = await withOne();
    expect(await store.findByAddress(pageId, "email", subscriber.email)).toEqual(subscriber);
    expect(await store.findByAddress(pageId, "email", "nobody@example.com")).toBeNull();
    expect(await store.findByAddress(pageId, "sms", subscriber.email)).toBeNull();
  });

  it("replaces a subscriber for whoever read it last, and once", async () => {
    const { store, pageId, id, subscriber } = await withOne();
    const wishes = [ALL_UPDATES, FIRST_AND_LAST].map((preferences) =>
      // Both at the very instant of the last change: the version grows all the same.
      store.replace(subscriber, { ...subscriber, preferences, pausedAt: NOW }),
    );
    const outcomes = await Promise.all(wishes);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["changed", "unchanged"]);
    const stored = await store.get(pageId, "email", id);
    expect(stored).toMatchObject({ pausedAt: NOW, updatedAt: subscriber.updatedAt + 1 });
    for (const outcome of outcomes) expect(outcome).toMatchObject({ subscriber: stored });
    const nobody = aSubscriber(pageId);
    expect(await store.replace(nobody, nobody)).toEqual({ outcome: "missing" });
  });

  it("keeps an endpoint's health for whoever read the last, apart from the subscription", async () => {
    const { store, pageId, subscriber } = await withOne();
    const webhook = aWebhook(subscriber);
    await store.create(webhook);
    const health = {
      version: 1,
      failures: 1,
      since: NOW,
      failedAt: NOW,
      nextAttemptAt: NOW + 5_000,
      probeUntil: null,
    };
    const firsts = [1, 2].map(() => store.saveHealth(pageId, webhook.id, null, health));
    expect((await Promise.all(firsts)).map(({ outcome }) => outcome).sort()).toEqual(["lost", "saved"]);
    expect(await store.get(pageId, "webhook", webhook.id)).toEqual({ ...webhook, health });
    const worse = { ...health, version: 2, failures: 2, probeUntil: NOW + 9_000 };
    expect(await store.saveHealth(pageId, webhook.id, worse, health)).toEqual({ outcome: "lost" });
    expect(await store.saveHealth(pageId, webhook.id, health, worse)).toEqual({ outcome: "saved" });
    // Read before the failure: what is put in its place must not bring the old health back.
    const paused = { ...webhook, pausedAt: NOW };
    expect(await store.replace(webhook, paused)).toMatchObject({
      outcome: "unchanged",
      subscriber: { health: worse },
    });
    expect(await store.replace({ ...webhook, health }, paused)).toMatchObject({ outcome: "unchanged" });
    expect(await store.saveHealth(pageId, webhook.id, worse, null)).toEqual({ outcome: "saved" });
    expect(await store.get(pageId, "webhook", webhook.id)).toEqual(webhook);
    expect(await store.saveHealth(pageId, anId(), null, health)).toEqual({ outcome: "lost" });
  });

  it("blocks an address until it is unblocked for the same reason, and says what stood there before", async () => {
    const { store, pageId } = await withOne();
    const mac = "ab".repeat(32);
    expect(await store.blockOf(pageId, "email", mac)).toBeNull();
    expect(await store.block(pageId, "email", mac, "not asked for", NOW)).toBeNull();
    expect(await store.block(pageId, "email", mac, "complaint", NOW)).toBe("not asked for");
    expect(await store.blockOf(pageId, "email", mac)).toBe("complaint");
    expect(await store.blockOf(pageId, "sms", mac)).toBeNull();
    await store.unblock(pageId, "email", mac, "bounce");
    expect(await store.blockOf(pageId, "email", mac)).toBe("complaint");
    await store.unblock(pageId, "email", mac, "complaint");
    await store.unblock(pageId, "email", mac, "complaint");
    expect(await store.blockOf(pageId, "email", mac)).toBeNull();
  });

  it.each(["not asked for", "complaint"] as const)("lets no bounce take the place of %s", async (reason) => {
    const { store, pageId } = await withOne();
    const mac = "cd".repeat(32);
    expect(await store.block(pageId, "email", mac, "bounce", NOW)).toBeNull();
    expect(await store.block(pageId, "email", mac, reason, NOW)).toBe("bounce");
    expect(await store.block(pageId, "email", mac, "bounce", NOW)).toBe(reason);
    expect(await store.blockOf(pageId, "email", mac)).toBe(reason);
  });

  it("removes a subscriber with its claim on the address", async () => {
    const { store, pageId, id, subscriber } = await withOne();
    await Promise.all([store.remove(pageId, "email", id), store.remove(pageId, "email", id)]);
    await store.remove(pageId, "email", id);
    expect(await store.find(pageId, id)).toBeNull();
    expect(await store.create({ ...subscriber, id: anId() })).toEqual({ outcome: "created" });
  });
});
