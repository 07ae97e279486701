import { describe, expect, test } from "vitest";
import { createKey, type KeyMade, revokeKey, rotateKey } from "../../../functions/api-keys/change-keys.ts";
import { type ApiKey, apiScopes, keyStateOf } from "../../../functions/core/api-key.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import type { KeyStore } from "../../../functions/store/keys/key-store.ts";
import { memoryKeyStore } from "../../fakes/memory-key-store.ts";

const NOW = Date.UTC(2025, 6, 7, 10, 5);
const PAGE_ID = "abcdefghijkl";

/** Keys in memory, and somebody who is at work while others are: `meanwhile` runs after each list that is read. */
async function leakedWorld() {
  const random = seededRandom("leaked keys");
  const keys = memoryKeyStore();
  let meanwhile = async () => {};
  const watched: KeyStore = {
    ...keys,
    async listKeys(pageId) {
      const read = await keys.listKeys(pageId);
      const act = meanwhile;
      meanwhile = async () => {};
      await act();
      return read;
    },
  };
  const make = (id: string, by: ApiKey | null) =>
    createKey({ keys, random }, by, { id, pageId: PAGE_ID, name: id, scopes: apiScopes, expiresAt: null }, NOW);
  const made = async (id: string, by: ApiKey | null) => mustBeMade(await make(id, by)).key;
  const now = async (id: string) => {
    const key = await keys.getKey(id);
    if (key === null) throw new Error(`no key ${id}`);
    return key;
  };
  return {
    keys,
    watched,
    random,
    make,
    made,
    now,
    working: async () =>
      (await keys.listKeys(PAGE_ID)).filter((key) => keyStateOf(key, NOW) === "active").map(({ id }) => id),
    /** Once, after the next list. */
    afterList(act: () => Promise<unknown>) {
      meanwhile = async () => {
        await act();
      };
    },
  };
}

function mustBeMade(made: { outcome: string } | KeyMade): KeyMade {
  if (!("text" in made)) throw new Error(made.outcome);
  return made;
}

describe("a leaked key, revoked while whoever has it", () => {
  test("makes others with it: none of them works in the end", async () => {
    const world = await leakedWorld();
    const leaked = await world.made("leaked", null);
    const first = await world.made("first", leaked);
    world.afterList(() => Promise.all([world.make("second", leaked), world.make("third", first)]));
    const revoked = await revokeKey({ keys: world.watched }, null, leaked, "revoke", NOW);
    expect(revoked).toMatchObject({ outcome: "revoked" });
    expect(await world.working()).toEqual([]);
    // Their requests were let in before; what they ask for comes too late.
    expect(await world.make("late", leaked)).toEqual({ outcome: "conflict" });
    expect(await world.make("later", first)).toEqual({ outcome: "conflict" });
    expect(await world.working()).toEqual([]);
  });

  test("makes the first with it: the answer asks what becomes of it, and the leaked one has ended", async () => {
    const world = await leakedWorld();
    const leaked = await world.made("leaked", null);
    world.afterList(() => world.make("first", leaked));
    const revoked = await revokeKey({ keys: world.watched }, null, leaked, undefined, NOW);
    expect(revoked).toMatchObject({ outcome: "refused", field: "made" });
    expect(await world.working()).toEqual(["first"]);
  });

  test("keeps changing it and what was made with it: that is in nobody's way", async () => {
    const world = await leakedWorld();
    const leaked = await world.made("leaked", null);
    const first = await world.made("first", leaked);
    world.afterList(async () => {
      for (const { id } of [leaked, first]) {
        await rotateKey(world, leaked, await world.now(id), 0, NOW);
        await world.keys.saveKey({ ...(await world.now(id)), name: "still mine" });
      }
    });
    expect(await revokeKey({ keys: world.watched }, null, leaked, "revoke", NOW)).toMatchObject({
      outcome: "revoked",
      keys: [
        { id: "first", revokedAt: NOW, previous: null },
        { id: "leaked", revokedAt: NOW, previous: null },
      ],
    });
    expect(await world.working()).toEqual([]);
  });
});

test("a key that was made with less than its maker has now is a conflict: what it may do was read before", async () => {
  const world = await leakedWorld();
  const maker = await world.made("maker", null);
  await world.keys.saveKey({ ...maker, scopes: ["keys:write"] });
  expect(await world.make("child", maker)).toEqual({ outcome: "conflict" });
  expect(await world.make("child", await world.now("maker"))).toMatchObject({ outcome: "forbidden" });
});
