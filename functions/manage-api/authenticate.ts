import type { ApiKey } from "../core/api-key.ts";
import { sameDigest, sha256Hex } from "../core/ids.ts";
import { cleanToken } from "../core/invisible.ts";
import type { HttpRequest } from "../lambda/http.ts";
import type { Logger } from "../lambda/logger.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { KeyStore, UsedSecret } from "../store/keys/key-store.ts";

/** `tcn_<id>_<secret>`; neither part contains `_`. */
const KEY_FORM = /^tcn_([A-Za-z0-9-]{1,64})_([A-Za-z0-9-]{1,256})$/;

const TOUCH_EVERY_MS = 60_000;

// What a secret is compared with when there is none: for an unknown id, and if nothing was rotated.
const NO_SECRET = sha256Hex("no such key");

export interface AuthenticateDeps {
  keys: Pick<KeyStore, "getKey" | "touchKey">;
  log: Logger;
}

export type Authenticated =
  | { outcome: "known"; apiKey: ApiKey }
  /** `keyId` only if there is such a key: what a stranger writes in its place is not ours to repeat. */
  | { outcome: "refused"; reason: KeyRefusal; keyId: string | null };
type KeyRefusal = "no key" | "unknown key" | "wrong secret" | "expired" | "revoked" | "rotated";

/**
 * Finds the key that a request carries: `Authorization: OAuth|Bearer <key>` or `?api_key=`. Every refusal of a key in
 * its form takes the same time: one look-up and the same comparisons.
 */
export async function authenticate(request: HttpRequest, deps: AuthenticateDeps, now: number): Promise<Authenticated> {
  const [, keyId, secret] = KEY_FORM.exec(cleanToken(credential(request) ?? "")) ?? [];
  if (keyId === undefined || secret === undefined) return { outcome: "refused", reason: "no key", keyId: null };
  const apiKey = await deps.keys.getKey(keyId);
  const hash = sha256Hex(secret);
  const current = sameDigest(hash, apiKey?.secretHash ?? NO_SECRET);
  const previous = sameDigest(hash, apiKey?.previous?.secretHash ?? NO_SECRET);
  if (apiKey === null) return { outcome: "refused", reason: "unknown key", keyId: null };
  const reason = refusalOf(apiKey, { current, previous }, now);
  if (reason !== null) return { outcome: "refused", reason, keyId };
  await touch(apiKey, current ? "current" : "previous", deps, now);
  return { outcome: "known", apiKey };
}

function refusalOf(
  key: ApiKey,
  matches: Readonly<Record<UsedSecret, boolean>>,
  now: number,
): Exclude<KeyRefusal, "no key" | "unknown key"> | null {
  if (!matches.current && !matches.previous) return "wrong secret";
  if (key.revokedAt !== null) return "revoked";
  if (key.expiresAt !== null && key.expiresAt <= now) return "expired";
  if (!matches.current && (key.previous?.validUntil ?? 0) <= now) return "rotated";
  return null;
}

/** The header wins: a key in the query ends up in logs and is accepted only for compatibility. */
function credential(request: HttpRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return request.query.get("api_key");
  return /^(?:oauth|bearer)\s+(\S+)\s*$/i.exec(header)?.[1] ?? null;
}

/** Marks a key as used, at most once a minute. A key that cannot be marked is still good. */
async function touch(apiKey: ApiKey, secret: UsedSecret, deps: AuthenticateDeps, now: number): Promise<void> {
  const last = secret === "current" ? apiKey.lastUsedAt : apiKey.previousUsedAt;
  if (last !== null && now - last < TOUCH_EVERY_MS) return;
  try {
    await deps.keys.touchKey(apiKey, secret, now);
  } catch (error) {
    deps.log.error("key not marked as used", error, { keyId: apiKey.id });
  }
}

export function unauthenticated(): HttpProblem {
  return new HttpProblem(401, "Could not authenticate", [], { "www-authenticate": 'OAuth realm="manage"' });
}
