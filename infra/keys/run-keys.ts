import {
  createKey,
  type KeyMade,
  type KeyRefused,
  revokeKey,
  rotateKey,
} from "../../functions/api-keys/change-keys.ts";
import { type ApiKey, keyStateOf } from "../../functions/core/api-key.ts";
import type { Clock, Random } from "../../functions/core/clock.ts";
import { newId } from "../../functions/core/ids.ts";
import type { Page } from "../../functions/core/page.ts";
import type { AccessStore } from "../../functions/store/access/access-store.ts";
import type { KeyStore } from "../../functions/store/keys/key-store.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import type { KeysCommand } from "./options.ts";

export interface KeysDeps {
  status: Pick<StatusStore, "listPages">;
  access: Pick<AccessStore, "makeSigningKey">;
  keys: KeyStore;
  clock: Clock;
  random: Random;
}

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUR_MS = 60 * 60 * 1_000;

/** Returns what to print. Throws what went wrong. */
export async function runKeys(command: KeysCommand, deps: KeysDeps): Promise<string[]> {
  const [page] = await deps.status.listPages();
  if (page === undefined)
    throw new Error('This deployment has no page yet: "npm run create-page" makes it, and a key.');
  // An old page may have no signing key: pages did not always come with one. Making it loses nothing.
  await deps.access.makeSigningKey(page.id);
  const now = deps.clock();
  switch (command.command) {
    case "list":
      return table(await deps.keys.listKeys(page.id), now);
    case "create": {
      const { name, scopes, days } = command;
      const expiresAt = days === null ? null : now + days * DAY_MS;
      const wish = { id: newId(deps.random), pageId: page.id, name, scopes, expiresAt };
      return shown(await createKey(deps, null, wish, now));
    }
    case "rotate": {
      const key = await keyOf(command.keyId, page, deps);
      return shown(await rotateKey(deps, null, key, command.overlapHours * HOUR_MS, now));
    }
    case "revoke": {
      const key = await keyOf(command.keyId, page, deps);
      const revoked = await revokeKey(deps, null, key, command.made, now);
      if (revoked.outcome !== "revoked") throw new Error(reasonOf(revoked));
      if (revoked.keys.length === 0) return [`${key.id} was revoked already.`];
      return revoked.keys.map(({ id, name }) => `Revoked ${id}  ${name}`);
    }
  }
}

async function keyOf(keyId: string, page: Page, { keys }: KeysDeps): Promise<ApiKey> {
  const key = await keys.getKey(keyId);
  if (key === null || key.pageId !== page.id) throw new Error(`There is no key ${keyId}: see "npm run keys -- list".`);
  return key;
}

function shown(made: KeyMade | KeyRefused): string[] {
  if (made.outcome !== "made") throw new Error(reasonOf(made));
  const { key, text } = made;
  return [
    `API key  ${text}`,
    `         ${key.name}: ${key.scopes.join(", ")}; ${key.expiresAt === null ? "no end" : `until ${day(key.expiresAt)}`}`,
    ...(key.previous === null ? [] : [`         The old secret is good until ${minute(key.previous.validUntil)}.`]),
    "The key is shown this once and stored nowhere: keep it as you keep passwords.",
  ];
}

function reasonOf(refused: KeyRefused): string {
  switch (refused.outcome) {
    case "refused":
    case "forbidden":
      return `--${refused.field} ${refused.problem}`;
    case "ended":
      return `This key is ${refused.state}, and stays so: make a new one.`;
    case "conflict":
      return "Somebody else is changing the same key: please try again.";
  }
}

function table(keys: readonly ApiKey[], now: number): string[] {
  if (keys.length === 0) return ['There is no key: "npm run keys -- create" makes one.'];
  const newestFirst = [...keys].sort((a, b) => b.createdAt - a.createdAt);
  const rows = [
    ["id", "state", "last used", "made", "by", "ends", "name", "scopes"],
    ...newestFirst.map((key) => [
      key.id,
      keyStateOf(key, now),
      key.lastUsedAt === null ? "never" : minute(key.lastUsedAt),
      minute(key.createdAt),
      key.rotatedBy === null ? (key.createdBy ?? "-") : `${key.createdBy ?? "-"}/${key.rotatedBy}`,
      key.expiresAt === null ? "-" : day(key.expiresAt),
      key.name,
      key.scopes.join(","),
    ]),
  ];
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** In UTC, like the logs. */
function minute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}

function day(at: number): string {
  return minute(at).slice(0, 10);
}
