import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { apiScopes } from "../../functions/core/api-key.ts";
import { sha256Hex } from "../../functions/core/ids.ts";
import { UsageError } from "../../infra/command.ts";
import { createFirstPage } from "../../infra/first-page.ts";
import { parseKeysCommand } from "../../infra/keys/options.ts";
import { runKeys } from "../../infra/keys/run-keys.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryKeyStore } from "../fakes/memory-key-store.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";

const NOW = Date.UTC(2026, 10, 28, 9, 30);
const KEY = /tcn_([a-z0-9]{12})_([0-9a-f]{64})/;

async function keysWorld() {
  const deps = {
    status: memoryStatusStore({ putNotice: () => {} }),
    access: memoryAccessStore({ random: randomBytes }),
    keys: memoryKeyStore(),
    clock: () => NOW,
    random: randomBytes,
  };
  const run = async (...args: string[]) => (await runKeys(parseKeysCommand(args), deps)).join("\n");
  await createFirstPage({ name: "Acme", timeZone: "UTC", locale: "en" }, deps);
  const made = async (...args: string[]) => {
    const [, id = "", secret = ""] = KEY.exec(await run(...args)) ?? [];
    return { id, secret };
  };
  return { deps, run, made };
}

describe("npm run keys", () => {
  it("replaces the last key when it was lost", async () => {
    const { deps, made, run } = await keysWorld();
    const { id, secret } = await made("create", "--name", "again", "--scopes", "all");
    expect(await deps.keys.getKey(id)).toMatchObject({
      name: "again",
      secretHash: sha256Hex(secret),
      scopes: apiScopes,
      createdBy: null,
      expiresAt: null,
    });
    const list = await run("list");
    expect(list).toMatch(new RegExp(`^${id} +active +never +2026-11-28T09:30Z`, "m"));
    expect(list).not.toContain(secret);
    expect(list).not.toContain(sha256Hex(secret));
  });

  it("makes keys that can do less and have an end", async () => {
    const { deps, run } = await keysWorld();
    const told = await run("create", "--name", "ci", "--scopes", "pages:read, incidents:write", "--days", "90");
    expect(told).toContain("ci: pages:read, incidents:write; until 2027-02-26");
    const [, id = ""] = KEY.exec(told) ?? [];
    expect(await deps.keys.getKey(id)).toMatchObject({ expiresAt: NOW + 90 * 24 * 3_600_000 });
  });

  it("rotates, with the old secret good for a while or not at all", async () => {
    const { deps, made, run } = await keysWorld();
    const { id, secret } = await made("create", "--name", "ci", "--scopes", "pages:read");
    expect(await run("rotate", id)).toContain("The old secret is good until 2026-11-29T09:30Z.");
    expect((await deps.keys.getKey(id))?.previous?.secretHash).toBe(sha256Hex(secret));
    expect(await run("rotate", id, "--overlap-hours", "0")).not.toContain("old secret");
    expect((await deps.keys.getKey(id))?.previous).toBeNull();
  });

  it("revokes, and asks what becomes of keys that were made with it", async () => {
    const { deps, made, run } = await keysWorld();
    const { id } = await made("create", "--name", "leaked", "--scopes", "all");
    const child = { ...(await deps.keys.getKey(id)), id: "childofleak0", createdBy: id };
    await deps.keys.putKey({ ...(await mustGet(deps.keys, id)), ...child }, null);
    await expect(run("revoke", id)).rejects.toThrow(
      "--made must be revoke or keep: made or rotated with this key were childofleak0",
    );
    expect(await run("revoke", id, "--made", "revoke")).toMatch(/Revoked childofleak0.*\nRevoked /);
    expect(await run("revoke", id)).toBe(`${id} was revoked already.`);
    await expect(run("rotate", id)).rejects.toThrow("This key is revoked");
    await expect(run("rotate", "nosuchkey000")).rejects.toThrow("There is no key nosuchkey000");
  });

  it("gives a page from before pages came with one its signing key", async () => {
    const { deps, run } = await keysWorld();
    const access = memoryAccessStore({ random: randomBytes });
    await runKeys(parseKeysCommand(["list"]), { ...deps, access });
    const [page] = await deps.status.listPages();
    expect(await access.currentSigningKey(page?.id ?? "")).toMatchObject({ version: 1 });
    expect(await run("list")).toContain("first key");
  });

  it.each([
    ["say list, create", []],
    ["no command make", ["make"]],
    ["rotate takes one key's id", ["rotate"]],
    ["revoke takes one key's id", ["revoke", "a", "b"]],
    ["--made is for revoke only", ["rotate", "a", "--made", "keep"]],
    ["create takes no name", ["create", "ci"]],
    ["give the key's id", ["revoke", `tcn_abc_${"0".repeat(64)}`]],
  ])("says %s", (problem, args) => {
    expect(() => parseKeysCommand(args)).toThrow(problem);
    expect(() => parseKeysCommand(args)).toThrow(UsageError);
  });

  it.each([
    ["incidents:wirte is no scope", ["create", "--name", "x", "--scopes", "incidents:wirte"]],
    ["must be a whole number", ["create", "--name", "x", "--scopes", "all", "--days", "soon"]],
    ["must not be more than 168", ["rotate", "a", "--overlap-hours", "169"]],
    ["must be revoke or keep", ["revoke", "a", "--made", "both"]],
    ["is missing", ["create", "--scopes", "all"]],
    ["shows nothing", ["create", "--name", "\u200b\u2060", "--scopes", "all"]],
    ["must not contain control characters", ["create", "--name", "a\nb", "--scopes", "all"]],
  ])("says %s of an option", (problem, args) => {
    expect(() => parseKeysCommand(args)).toThrow(problem);
  });
});

async function mustGet(keys: ReturnType<typeof memoryKeyStore>, id: string) {
  const key = await keys.getKey(id);
  if (key === null) throw new Error(`there is no ${id}`);
  return key;
}
