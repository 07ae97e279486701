import { expect, it } from "vitest";
import type { ApiKey } from "../../functions/core/api-key.ts";
import { dynamoKeyStore } from "../../functions/store/keys/dynamo-keys.ts";
import type { KeyStore } from "../../functions/store/keys/key-store.ts";
import { memoryKeyStore } from "../fakes/memory-key-store.ts";
import { describeOnBoth } from "./on-both.ts";
import { anId, NOW } from "./samples.ts";

function aKey(changes: Partial<ApiKey> = {}): ApiKey {
  return {
    id: anId(),
    pageId: anId(),
    name: "CI",
    secretHash: "ab".repeat(32),
    previous: null,
    scopes: ["incidents:write", "pages:read"],
    createdBy: null,
    createdAt: NOW,
    rotatedAt: null,
    rotatedBy: null,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    previousUsedAt: null,
    version: 1,
    ...changes,
  };
}

describeOnBoth<KeyStore>(
  "key store",
  {
    memory: memoryKeyStore,
    dynamo: ({ client, tables }) => dynamoKeyStore({ client, table: tables.keys }),
  },
  (subject) => {
    it("keeps keys, those that have an end too", async () => {
      const store = subject();
      const previous = { secretHash: "cd".repeat(32), validUntil: NOW + 5 };
      const keys = [
        aKey(),
        aKey({ expiresAt: NOW + 60_000, previous, createdBy: anId(), rotatedAt: NOW, previousUsedAt: NOW }),
        aKey({ revokedAt: NOW }),
      ];
      for (const key of keys) await store.putKey(key, null);
      for (const key of keys) expect(await store.getKey(key.id)).toEqual(key);
      expect(await store.getKey(anId())).toBeNull();
    });

    it("marks which secret was used, and never a key that is not there", async () => {
      const store = subject();
      const key = aKey();
      await store.putKey(key, null);
      await store.touchKey(key, "current", NOW + 5);
      expect(await store.getKey(key.id)).toEqual({ ...key, lastUsedAt: NOW + 5 });
      await store.touchKey(key, "previous", NOW + 6);
      expect(await store.getKey(key.id)).toEqual({ ...key, lastUsedAt: NOW + 5, previousUsedAt: NOW + 6 });
      const unknown = anId();
      await store.touchKey({ id: unknown, version: 1 }, "current", NOW);
      expect(await store.getKey(unknown)).toBeNull();
      await store.touchKey({ ...key, version: 2 }, "current", NOW + 7);
      expect(await store.getKey(key.id)).toMatchObject({ lastUsedAt: NOW + 5 });
    });

    it("lists a page's own, at once", async () => {
      const store = subject();
      const pageId = anId();
      const keys = [aKey({ pageId }), aKey({ pageId, revokedAt: NOW })];
      for (const key of [...keys, aKey()]) await store.putKey(key, null);
      const byId = (a: ApiKey, b: ApiKey) => (a.id < b.id ? -1 : 1);
      expect((await store.listKeys(pageId)).sort(byId)).toEqual(keys.sort(byId));
      expect(await store.listKeys(anId())).toEqual([]);
    });

    it("lets one of several changes through", async () => {
      const store = subject();
      const key = aKey();
      await store.putKey(key, null);
      await store.touchKey(key, "current", NOW);
      const saved = await Promise.all(["a", "b", "c"].map((name) => store.saveKey({ ...key, name })));
      expect(saved.filter(Boolean)).toHaveLength(1);
      expect(await store.getKey(key.id)).toMatchObject({ version: 2 });
      expect(await store.saveKey({ ...key, version: 2, revokedAt: NOW })).toBe(true);
      expect(await store.getKey(key.id)).toMatchObject({ version: 3, revokedAt: NOW });
      expect(await store.saveKey(aKey())).toBe(false);
    });

    it("makes a key only while the one it is made with is as it was read", async () => {
      const store = subject();
      const [maker, child] = [aKey(), aKey()];
      await store.putKey(maker, null);
      await store.touchKey(maker, "current", NOW);
      expect(await store.putKey(child, maker)).toBe(true);
      expect(await store.getKey(child.id)).toEqual(child);
      await store.saveKey({ ...maker, name: "another" });
      const late = aKey();
      expect(await store.putKey(late, maker)).toBe(false);
      expect(await store.putKey(late, aKey())).toBe(false);
      expect(await store.getKey(late.id)).toBeNull();
    });

    it("makes several at once with one key", async () => {
      const store = subject();
      const maker = aKey();
      await store.putKey(maker, null);
      const made = await Promise.all(Array.from({ length: 5 }, () => store.putKey(aKey(), maker)));
      expect(made).toEqual([true, true, true, true, true]);
    });

    it("ends a key once, whatever version it is of, and no change is stored after that", async () => {
      const store = subject();
      const key = aKey({ previous: { secretHash: "cd".repeat(32), validUntil: NOW + 5 }, expiresAt: NOW + 60_000 });
      await store.putKey(key, null);
      await store.saveKey(key);
      const ended = { ...key, previous: null, revokedAt: NOW, version: 3 };
      expect(await store.endKey(key.id, NOW)).toEqual(ended);
      expect(await store.endKey(key.id, NOW + 1)).toBeNull();
      expect(await store.saveKey({ ...key, version: 2 })).toBe(false);
      expect(await store.getKey(key.id)).toEqual(ended);
      const unknown = anId();
      expect(await store.endKey(unknown, NOW)).toBeNull();
      expect(await store.getKey(unknown)).toBeNull();
    });
  },
);
