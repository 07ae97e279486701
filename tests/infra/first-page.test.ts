import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { apiScopes } from "../../functions/core/api-key.ts";
import { sha256Hex } from "../../functions/core/ids.ts";
import { createFirstPage } from "../../infra/first-page.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryKeyStore } from "../fakes/memory-key-store.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";

const ACME = { name: "Acme", timeZone: "Europe/Berlin", locale: "de" } as const;

function world() {
  const status = memoryStatusStore({ putNotice: () => {} });
  const access = memoryAccessStore({ random: randomBytes });
  return { status, access, keys: memoryKeyStore(), clock: () => 1_750_000_000_000, random: randomBytes };
}

describe("a deployment's first page", () => {
  it("comes with a key of every scope, of which only a hash is stored", async () => {
    const deps = world();
    const made = await createFirstPage(ACME, deps);
    if (made.outcome !== "created") throw new Error(made.outcome);
    expect(await deps.status.getPage(made.page.id)).toMatchObject({ ...ACME, version: 1 });
    const [prefix, keyId = "", secret = "", ...more] = made.apiKey.split("_");
    expect([prefix, ...more]).toEqual(["tcn"]);
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const key = await deps.keys.getKey(keyId);
    expect(key).toMatchObject({
      pageId: made.page.id,
      scopes: apiScopes,
      secretHash: sha256Hex(secret),
      expiresAt: null,
    });
    expect(JSON.stringify(key)).not.toContain(secret);
    expect(await deps.access.currentSigningKey(made.page.id)).toMatchObject({ version: 1 });
  });

  it("is the only one", async () => {
    const deps = world();
    await createFirstPage(ACME, deps);
    expect(await createFirstPage({ name: "Other", timeZone: "UTC", locale: "en" }, deps)).toMatchObject({
      outcome: "exists",
      page: { name: "Acme" },
    });
    expect(await deps.status.listPages()).toHaveLength(1);
  });

  it("is not made in a time zone that is none", async () => {
    const deps = world();
    await expect(createFirstPage({ name: "Acme", timeZone: "Berlin", locale: "en" }, deps)).rejects.toThrow(
      /IANA time zone/,
    );
    expect(await deps.status.listPages()).toEqual([]);
  });
});
