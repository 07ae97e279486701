import { expect, it } from "vitest";
import type { Invitation } from "../../functions/core/invitation.ts";
import { ALL_UPDATES } from "../../functions/core/subscriber.ts";
import { NOW } from "./samples.ts";
import { aWebhook, describeSubscribers } from "./subscriber-subject.ts";

describeSubscribers("what was asked for in the name of an address", ({ withOne }) => {
  const invitation = (at: number): Invitation => ({
    hash: `${at}`.padStart(64, "0"),
    at,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "de",
  });

  it("stands beside the subscriber, the newest few of it, each once", async () => {
    const { store, pageId, id, subscriber } = await withOne({ state: "unsubscribed", unsubscribedAt: NOW });
    expect(await store.invitationsOf(pageId, "email", id)).toEqual([]);
    const all = [1, 2, 3, 4, 5, 6, 7].map((ms) => invitation(NOW + ms));
    for (const each of [...all, invitation(NOW + 7)]) await store.invite(pageId, "email", id, each, NOW + 8);
    expect(await store.invitationsOf(pageId, "email", id)).toEqual(all.slice(2));
    expect(await store.get(pageId, "email", id)).toEqual(subscriber);
    await store.invite(pageId, "email", id, invitation(NOW + 200 * 86_400_000), NOW + 200 * 86_400_000);
    expect(await store.invitationsOf(pageId, "email", id)).toHaveLength(1);
    await store.forgetInvitations(pageId, "email", id);
    await store.forgetInvitations(pageId, "email", id);
    expect(await store.invitationsOf(pageId, "email", id)).toEqual([]);
  });

  it("is all kept that is asked for at the same moment", async () => {
    const { store, pageId, id } = await withOne({ state: "unsubscribed" });
    const all = [1, 2, 3, 4].map((ms) => invitation(NOW + ms));
    await Promise.all(all.map((each) => store.invite(pageId, "email", id, each, NOW + 8)));
    expect(await store.invitationsOf(pageId, "email", id)).toEqual(all);
  });

  it("makes an endpoint what it was registered as anew, once it has a place, and only while it is open", async () => {
    const { store, pageId, subscriber } = await withOne();
    const webhook = { ...aWebhook(subscriber), state: "unsubscribed" as const, unsubscribedAt: NOW };
    await store.create(webhook);
    const registration = {
      contactEmail: "bob@example.net",
      format: "statuspage" as const,
      statuses: null,
      secretVersion: 77,
      createdAt: NOW + 1,
    };
    const anew = { ...invitation(NOW + 1), registration };
    const old = { ...invitation(NOW - 1), registration };
    for (const each of [anew, old]) await store.invite(pageId, "webhook", webhook.id, each, NOW + 2);
    const confirm = (hash: string, most: number) => store.confirmEndpoint(pageId, webhook.id, hash, most, NOW + 3);
    expect(await confirm(old.hash, 5)).toEqual({ outcome: "unchanged", subscriber: webhook });
    expect(await confirm("ab".repeat(32), 5)).toEqual({ outcome: "unchanged", subscriber: webhook });
    const other = { ...aWebhook(subscriber), state: "unconfirmed" as const, confirmTokenHash: "aa" };
    await store.create({ ...other, endpoint: "https://example.com/other" });
    expect(await store.confirmEndpoint(pageId, other.id, "aa", 1, NOW)).toMatchObject({ outcome: "changed" });
    expect(await confirm(anew.hash, 1)).toEqual({ outcome: "full" });
    expect(await store.get(pageId, "webhook", webhook.id)).toEqual(webhook);
    const changed = {
      state: "active",
      contactEmail: "bob@example.net",
      secretVersion: 77,
      createdAt: NOW + 1,
      confirmedAt: NOW + 3,
      unsubscribedAt: null,
      locale: "de",
      confirmTokenHash: anew.hash,
      holdsPlace: true,
    };
    expect(await confirm(anew.hash, 5)).toMatchObject({ outcome: "changed", subscriber: changed });
    expect(await store.countPlaces(pageId, "example.com")).toBe(2);
    expect(await store.invitationsOf(pageId, "webhook", webhook.id)).toEqual([]);
    expect(await confirm(anew.hash, 5)).toMatchObject({ outcome: "unchanged", subscriber: changed });
    expect(await store.countPlaces(pageId, "example.com")).toBe(2);
  });

  it.each(["remove", "removeUnchanged"] as const)("goes with the subscriber (%s)", async (how) => {
    const { store, pageId, id } = await withOne({ state: "unsubscribed" });
    await store.invite(pageId, "email", id, invitation(NOW), NOW);
    const read = await store.get(pageId, "email", id);
    if (read === null) throw new Error("there is one");
    if (how === "remove") await store.remove(pageId, "email", id);
    else expect(await store.removeUnchanged(read)).toEqual({ outcome: "removed" });
    expect(await store.invitationsOf(pageId, "email", id)).toEqual([]);
  });
});
