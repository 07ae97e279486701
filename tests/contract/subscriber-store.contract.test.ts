import { describe, expect, it } from "vitest";
import { chunkRange } from "../../functions/core/chunk.ts";
import type { Invitation } from "../../functions/core/invitation.ts";
import {
  ALL_UPDATES,
  type EmailSubscriber,
  FIRST_AND_LAST,
  type SmsSubscriber,
  type Subscriber,
  type WebhookSubscriber,
} from "../../functions/core/subscriber.ts";
import { InvalidCursorError } from "../../functions/store/cursor.ts";
import { dynamoSubscriberStore } from "../../functions/store/subscribers/dynamo-subscribers.ts";
import { positionKey, scaleToAll } from "../../functions/store/subscribers/subscriber-items.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { describeOnBoth } from "./on-both.ts";
import { anId, aSubscriber, NOW } from "./samples.ts";

describeOnBoth<SubscriberStore>(
  "subscriber store",
  {
    memory: memorySubscriberStore,
    dynamo: ({ client, tables }) => dynamoSubscriberStore({ client, table: tables.subscribers }),
  },
  (subject) => {
    async function withSubscribers(count: number, overrides: (index: number) => Partial<EmailSubscriber> = () => ({})) {
      const store = subject();
      const pageId = anId();
      const subscribers = Array.from({ length: count }, (_, index) => {
        return aSubscriber(pageId, overrides(index));
      });
      const outcomes = await Promise.all(subscribers.map((subscriber) => store.create(subscriber)));
      expect(outcomes.every(({ outcome }) => outcome === "created")).toBe(true);
      return { store, pageId, subscribers };
    }

    async function withOne(overrides: Partial<EmailSubscriber> = {}) {
      const { store, pageId, subscribers } = await withSubscribers(1, () => overrides);
      const [subscriber] = subscribers;
      if (subscriber === undefined) throw new Error("there is one");
      return { store, pageId, subscriber, id: subscriber.id };
    }

    const aWebhook = ({ email: _, ...common }: EmailSubscriber): WebhookSubscriber => ({
      ...common,
      id: anId(),
      channel: "webhook",
      endpoint: "https://example.com/hook",
      contactEmail: null,
      format: "statuspage",
      statuses: null,
      secretVersion: 1,
    });

    const ids = (subscribers: readonly Subscriber[]) => subscribers.map(({ id }) => id).sort();

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
      const wanted = [
        ...subscribers.map(({ id }) => id),
        ...subscribers.slice(0, 9).map(({ id }) => id),
        anId(),
        anId(),
      ];
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
      await store.changeState(pageId, "email", id, ["active"], "unsubscribed", NOW + 1);
      expect(await store.confirm(pageId, "email", id, "aa", NOW + 2)).toMatchObject({ outcome: "unchanged" });
      await store.changeState(pageId, "email", id, ["unsubscribed"], "unconfirmed", NOW + 3);
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
        store.changeState(pageId, "email", id, from, state, now);
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
      expect(await store.changeState(pageId, "sms", id, ["active"], "unsubscribed", NOW)).toEqual({
        outcome: "missing",
      });
      expect(await store.get(pageId, "sms", id)).toBeNull();
    });

    it.each(["active", "unconfirmed"] as const)(
      "forgets why an address was in quarantine once it is %s",
      async (to) => {
        const { store, pageId, id, subscriber } = await withOne({
          state: "quarantined",
          quarantinedAt: NOW,
          quarantineReason: "bounce",
          transientBounces: { days: 4, since: NOW - 4, lastAt: NOW - 1 },
        });
        await store.changeState(pageId, "email", id, ["quarantined"], to, NOW + 1);
        const { quarantineReason: _, transientBounces: __, ...rest } = subscriber;
        const times = { quarantinedAt: null, confirmedAt: to === "active" ? NOW + 1 : null, updatedAt: NOW + 1 };
        const present = await store.get(pageId, "email", id);
        expect(present).toEqual({ ...rest, state: to, ...times });
      },
    );

    it("saves scopes", async () => {
      const { store, pageId, id, subscriber } = await withOne();
      const scopes = { page: false, components: [anId()], incidents: [] };
      expect(await store.saveScopes(pageId, "email", id, scopes, NOW + 1)).toEqual({
        outcome: "changed",
        subscriber: { ...subscriber, scopes, updatedAt: NOW + 1 },
      });
      expect(await store.saveScopes(pageId, "email", anId(), scopes, NOW)).toEqual({ outcome: "missing" });
    });

    describe("what was asked for in the name of an address", () => {
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

    describe("who will be removed", () => {
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
          (store, { pageId, id }) => store.changeState(pageId, "email", id, ["unconfirmed"], "unsubscribed", NOW + 1),
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
          (store, { pageId, id }) => store.changeState(pageId, "email", id, ["unconfirmed"], "unconfirmed", NOW + 9),
        ],
        [
          "quarantine",
          (store, { pageId, id }) => store.changeState(pageId, "email", id, ["unconfirmed"], "quarantined", NOW + 9),
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
        await store.changeState(pageId, "email", first?.id ?? "", ["unconfirmed"], "active", NOW);
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

    describe("the places of a host", () => {
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
        const confirm = (hook: WebhookSubscriber, most = 20) =>
          store.confirmEndpoint(pageId, hook.id, "aa", most, NOW + 1);
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
        const leave = () => store.changeState(pageId, "webhook", left.id, ["active"], "unsubscribed", NOW + 2);
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
        await store.changeState(pageId, "webhook", reactivated.id, ["active"], "quarantined", NOW + 2);
        await store.changeState(pageId, "webhook", reactivated.id, ["quarantined"], "active", NOW + 3);
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
          () => store.changeState(pageId, "webhook", hook.id, ["active", "unconfirmed"], "unsubscribed", NOW + 2),
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

    it("removes a subscriber with its claim on the address", async () => {
      const { store, pageId, id, subscriber } = await withOne();
      await Promise.all([store.remove(pageId, "email", id), store.remove(pageId, "email", id)]);
      await store.remove(pageId, "email", id);
      expect(await store.find(pageId, id)).toBeNull();
      expect(await store.create({ ...subscriber, id: anId() })).toEqual({ outcome: "created" });
    });
  },
);

it("scales a count by how far it reached", () => {
  expect(scaleToAll(3_000, `80000000#${anId()}`)).toBe(6_000);
  expect(scaleToAll(3_000, `ffffffff#${anId()}`)).toBe(3_000);
  expect(scaleToAll(50, `00ffffff#${anId()}`)).toBe(12_800);
});
