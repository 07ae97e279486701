import {
  type ApiKey,
  type ApiScope,
  beyond,
  type KeyPower,
  type KeyState,
  keyStateOf,
  keyText,
  madeWith,
  newSecret,
  toldTo,
} from "../core/api-key.ts";
import type { Random } from "../core/clock.ts";
import { sha256Hex } from "../core/ids.ts";
import type { KeyStore } from "../store/keys/key-store.ts";

export interface KeyDeps {
  keys: KeyStore;
  random: Random;
}

/** Who changes keys: another key, or null for somebody with access to the tables themselves. */
export type Manager = ApiKey | null;

/** The caller may not do this. */
type Forbidden = { outcome: "forbidden"; field: string; problem: string };
export type KeyRefused =
  | { outcome: "refused"; field: string; problem: string }
  | Forbidden
  /** The key has ended, and does not come back. */
  | { outcome: "ended"; state: Exclude<KeyState, "active"> }
  | { outcome: "conflict" };
/** `text` is the whole key. It is returned here and stored nowhere: only the secret's SHA-256 is stored. */
export type KeyMade = { outcome: "made"; key: ApiKey; text: string };
export type KeyChanged = { outcome: "changed"; key: ApiKey };

/** More than anybody needs; every list is read whole. */
const MOST_KEYS = 200;

export interface KeyWish {
  id: string;
  pageId: string;
  name: string;
  scopes: readonly ApiScope[];
  /** Undefined: as long as the key that makes it. */
  expiresAt: number | null | undefined;
}

/** Makes a new key, with no more power than its maker has. */
export async function createKey(
  { keys, random }: KeyDeps,
  by: Manager,
  wish: KeyWish,
  now: number,
): Promise<KeyMade | KeyRefused> {
  const expiresAt = wish.expiresAt === undefined ? (by?.expiresAt ?? null) : wish.expiresAt;
  const power: KeyPower = { scopes: [...new Set(wish.scopes)], expiresAt };
  const refused = endsAhead(expiresAt, now) ?? forbidden(by, power);
  if (refused !== null) return refused;
  const others = (await keys.listKeys(wish.pageId)).filter(({ id }) => id !== wish.id);
  if (others.filter((key) => keyStateOf(key, now) === "active").length >= MOST_KEYS) {
    return { outcome: "refused", field: "api_key", problem: `would be one more than ${MOST_KEYS} that work` };
  }
  const secret = newSecret(random);
  const key: ApiKey = {
    id: wish.id,
    pageId: wish.pageId,
    name: wish.name,
    secretHash: sha256Hex(secret),
    previous: null,
    ...power,
    createdBy: by?.id ?? null,
    createdAt: now,
    rotatedAt: null,
    rotatedBy: null,
    revokedAt: null,
    lastUsedAt: null,
    previousUsedAt: null,
    version: 1,
  };
  // What the maker may do was read before. A key that is being revoked must make no more keys: nobody would revoke
  // those.
  if (!(await keys.putKey(key, by))) return { outcome: "conflict" };
  return { outcome: "made", key, text: keyText(key.id, secret) };
}

/**
 * Makes a new secret for a key; the old one is good for `overlapMs` more. If the present secret was never used since it
 * was made, nobody has it (its answer was lost, or the request is run again). Then the one before stays the old one, if
 * it is still good: a secret that has ended never comes back.
 */
export async function rotateKey(
  { keys, random }: KeyDeps,
  by: Manager,
  read: ApiKey,
  overlapMs: number,
  now: number,
): Promise<KeyMade | KeyRefused> {
  const refused = unmanageable(by, read, now);
  if (refused !== null) return refused;
  const secret = newSecret(random);
  const unheard = read.previous !== null && read.previous.validUntil > now && read.lastUsedAt === null;
  const old = unheard ? read.previous?.secretHash : read.secretHash;
  const rotated: ApiKey = {
    ...read,
    secretHash: sha256Hex(secret),
    previous: old === undefined || overlapMs === 0 ? null : { secretHash: old, validUntil: now + overlapMs },
    rotatedAt: now,
    rotatedBy: by?.id ?? null,
    lastUsedAt: null,
    previousUsedAt: unheard ? read.previousUsedAt : read.lastUsedAt,
  };
  if (!(await keys.saveKey(rotated))) return { outcome: "conflict" };
  return { outcome: "made", key: rotated, text: keyText(read.id, secret) };
}

/** Sets another name, fewer scopes or another end. Keys made with it end no later than it does. */
export async function changeKey(
  { keys }: Pick<KeyDeps, "keys">,
  by: Manager,
  read: ApiKey,
  wish: Partial<Pick<ApiKey, "name" | "scopes" | "expiresAt">>,
  now: number,
): Promise<KeyChanged | KeyRefused> {
  const changed = { ...read, ...wish, scopes: [...new Set(wish.scopes ?? read.scopes)] };
  const end = wish.expiresAt ?? null;
  const refused =
    unmanageable(by, read, now) ??
    endsAhead(end, now) ??
    forbidden(by, changed) ??
    forbiddenAny(by, await outliving(keys, read, end, now));
  if (refused !== null) return refused;
  if (wish.scopes?.some((scope) => !read.scopes.includes(scope))) {
    return { outcome: "refused", field: "scopes", problem: "can only become fewer: make a new key for more" };
  }
  if (!(await keys.saveKey(changed))) return { outcome: "conflict" };
  // Listed again: from here on, nothing made with it lasts longer.
  for (const made of await outliving(keys, read, end, now)) {
    if (!(await keys.saveKey({ ...made, expiresAt: end }))) return { outcome: "conflict" };
  }
  return { outcome: "changed", key: changed };
}

/** The keys made with a key that would last longer than it. */
async function outliving(keys: KeyStore, maker: ApiKey, end: number | null, now: number): Promise<ApiKey[]> {
  if (end === null) return [];
  const made = madeWith(maker.id, await keys.listKeys(maker.pageId), now);
  return made.filter(({ expiresAt }) => expiresAt === null || expiresAt > end);
}

export type KeysRevoked = { outcome: "revoked"; keys: ApiKey[] };

/**
 * Ends a key at once, for good. Its holder may know the secrets of other keys, from making or rotating them: `made`
 * says what becomes of those, and is required if there are any. A key revoked before gets the same answer, so that the
 * caller can ask again.
 */
export async function revokeKey(
  { keys }: Pick<KeyDeps, "keys">,
  by: Manager,
  read: ApiKey,
  made: "revoke" | "keep" | undefined,
  now: number,
): Promise<KeysRevoked | KeyRefused> {
  const others = async () => toldTo(read.id, await keys.listKeys(read.pageId), now);
  const before = await others();
  const refused =
    forbidden(by, read, "scopes") ?? unsaid(before, made) ?? (made === "revoke" ? forbiddenAny(by, before) : null);
  if (refused !== null) return refused;
  const revoked: ApiKey[] = [];
  const end = async (ending: readonly ApiKey[]) => {
    for (const { id } of ending) {
      const ended = await keys.endKey(id, now);
      if (ended !== null) revoked.push(ended);
    }
  };
  // The key itself last: somebody who revokes their own must not lose it halfway.
  if (made === "revoke") await end(before);
  await end([read]);
  // Keys made or rotated while this ran. A key that has ended makes no more.
  for (let late = await others(); late.length > 0 && made !== "keep"; late = await others()) {
    if (made === undefined) return unsaid(late, made) ?? { outcome: "conflict" };
    await end(late);
  }
  return { outcome: "revoked", keys: revoked };
}

function unsaid(others: readonly ApiKey[], made: "revoke" | "keep" | undefined): KeyRefused | null {
  if (others.length === 0 || made !== undefined) return null;
  const ids = others.map(({ id }) => id).join(", ");
  return {
    outcome: "refused",
    field: "made",
    problem: `must be revoke or keep: made or rotated with this key were ${ids}`,
  };
}

function unmanageable(by: Manager, read: ApiKey, now: number): KeyRefused | null {
  const state = keyStateOf(read, now);
  if (state !== "active") return { outcome: "ended", state };
  return forbidden(by, read);
}

function forbidden(by: Manager, power: KeyPower, only?: "scopes"): Forbidden | null {
  const found = by === null ? null : beyond(by, power);
  return found === null || (only !== undefined && found.field !== only) ? null : { outcome: "forbidden", ...found };
}

/** What the caller does to a key must not reach a stronger one along with it. */
function forbiddenAny(by: Manager, along: readonly ApiKey[]): KeyRefused | null {
  for (const key of along) {
    const refused = forbidden(by, key, "scopes");
    if (refused !== null) return { ...refused, problem: `of ${key.id}, which was made with it, ${refused.problem}` };
  }
  return null;
}

function endsAhead(expiresAt: number | null, now: number): KeyRefused | null {
  if (expiresAt === null || expiresAt > now) return null;
  return { outcome: "refused", field: "expires_at", problem: "must be in the future" };
}
