import { expect, it } from "vitest";
import type { WebhookSubscriber } from "../../functions/core/subscriber.ts";
import { anId, NOW } from "./samples.ts";
import { aWebhook, describeSubscribers } from "./subscriber-subject.ts";

describeSubscribers("the places of a host", ({ withOne }) => {
  const HOST = "hooks.example";

  async function registered(count: number) {
    const { store, pageId, subscriber } = await withOne();
    const hooks = Array.from(
      { length: count },
      (_, index): WebhookSubscriber => ({
        ...aWebhook(subscriber),
        state: "unconfirmed",
        confirmedAt: null,
        confirmTokenHash: "aa",
        endpoint: `https://${HOST}${index % 2 === 0 ? "" : ":8443"}/${index}`,
      }),
    );
    await Promise.all(hooks.map((hook) => store.create(hook)));
    const confirm = (hook: WebhookSubscriber, most = 20) => store.confirmEndpoint(pageId, hook.id, "aa", most, NOW + 1);
    const present = async (hook: WebhookSubscriber) => {
      const found = await store.get(pageId, "webhook", hook.id);
      if (found?.channel !== "webhook") throw new Error("it is gone");
      return found;
    };
    const taken = () => store.countPlaces(pageId, HOST);
    return { store, pageId, hooks, confirm, present, taken };
  }

  it("are taken by confirming alone, and are never more, however many are confirmed at once", async () => {
    const { store, pageId, hooks, confirm, taken } = await registered(40);
    expect(await taken()).toBe(0);
    const outcomes = (await Promise.all(hooks.map((hook) => confirm(hook)))).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "changed")).toHaveLength(20);
    expect(outcomes.filter((outcome) => outcome === "full")).toHaveLength(20);
    expect(await taken()).toBe(20);
    expect(await store.countPlaces(pageId, "other.example")).toBe(0);
    const { items } = await store.list(pageId, "webhook", 100, null);
    expect(items.filter(({ state }) => state === "active")).toHaveLength(20);
    expect(items.filter(({ state }) => state === "unconfirmed")).toHaveLength(20);
  });

  it("are taken once, by the token that was stored", async () => {
    const { store, pageId, hooks, confirm, taken } = await registered(1);
    const [hook] = hooks;
    if (hook === undefined) throw new Error("there is one");
    expect(await store.confirmEndpoint(pageId, hook.id, "bb", 20, NOW)).toMatchObject({ outcome: "unchanged" });
    expect(await store.confirmEndpoint(pageId, anId(), "aa", 20, NOW)).toEqual({ outcome: "missing" });
    const outcomes = await Promise.all([confirm(hook), confirm(hook), confirm(hook)]);
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(["changed", "unchanged", "unchanged"]);
    expect(outcomes.find(({ outcome }) => outcome === "changed")).toMatchObject({
      subscriber: { state: "active", confirmedAt: NOW + 1, updatedAt: NOW + 1 },
    });
    expect(await taken()).toBe(1);
  });

  it("are given back once, by whatever ends being active, and taken anew", async () => {
    const { store, pageId, hooks, confirm, present, taken } = await registered(6);
    for (const hook of hooks) await confirm(hook);
    const [left, dead, erased, purged, paused, reactivated] = await Promise.all(hooks.map(present));
    if (!left || !dead || !erased || !purged || !paused || !reactivated) throw new Error("there are six");
    const leave = () =>
      store.changeState(pageId, "webhook", left.id, { from: ["active"], to: "unsubscribed" }, NOW + 2);
    await Promise.all([leave(), leave(), leave()]);
    expect(await taken()).toBe(5);
    await store.replace(dead, { ...dead, state: "quarantined", quarantinedAt: NOW + 2 });
    expect(await taken()).toBe(4);
    await Promise.all([store.remove(pageId, "webhook", erased.id), store.remove(pageId, "webhook", erased.id)]);
    expect(await taken()).toBe(3);
    await Promise.all([store.removeUnchanged(purged), store.removeUnchanged(purged)]);
    expect(await taken()).toBe(2);
    await store.replace(paused, { ...paused, pausedAt: NOW + 2 });
    expect(await taken()).toBe(2);
    await store.changeState(pageId, "webhook", reactivated.id, { from: ["active"], to: "quarantined" }, NOW + 2);
    await store.changeState(pageId, "webhook", reactivated.id, { from: ["quarantined"], to: "active" }, NOW + 3);
    expect(await taken()).toBe(1);
    expect(await present(reactivated)).not.toHaveProperty("holdsPlace");
    const again = await present(left);
    await store.replace(again, { ...again, state: "unconfirmed", confirmTokenHash: "aa" });
    expect(await confirm(left)).toMatchObject({ outcome: "changed" });
    expect(await taken()).toBe(2);
  });

  it("cannot be given by whoever writes a subscriber whole", async () => {
    const { store, pageId, hooks, present, taken } = await registered(1);
    const [hook] = await Promise.all(hooks.map(present));
    if (hook === undefined) throw new Error("there is one");
    await store.replace(hook, { ...hook, state: "active", holdsPlace: true });
    expect(await present(hook)).not.toHaveProperty("holdsPlace");
    await store.remove(pageId, "webhook", hook.id);
    expect(await taken()).toBe(0);
  });

  it("are as many as there are that hold one, whatever happens at once", async () => {
    const { store, pageId, hooks, confirm, taken } = await registered(24);
    const deeds = hooks.flatMap((hook, index) => [
      () => confirm(hook, 12),
      () =>
        store.changeState(pageId, "webhook", hook.id, { from: ["active", "unconfirmed"], to: "unsubscribed" }, NOW + 2),
      ...(index % 3 === 0 ? [() => store.remove(pageId, "webhook", hook.id)] : []),
      ...(index % 4 === 0 ? [() => store.removeUnchanged(hook)] : []),
    ]);
    await Promise.all(deeds.map((deed) => deed()));
    const { items } = await store.list(pageId, "webhook", 100, null);
    const holders = items.filter((one) => one.channel === "webhook" && one.holdsPlace);
    expect(await taken()).toBe(holders.length);
    for (const { id } of items) await store.remove(pageId, "webhook", id);
    expect(await taken()).toBe(0);
  });

  it("are not taken by what operators vouch for", async () => {
    const { store, pageId, subscriber } = await withOne();
    await store.create({ ...aWebhook(subscriber), endpoint: `https://${HOST}/` });
    expect(await store.countPlaces(pageId, HOST)).toBe(0);
  });
});
