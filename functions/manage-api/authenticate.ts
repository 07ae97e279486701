import { sha256Hex } from "../core/ids.ts";
import { sameDigest } from "../core/signature.ts";
import type { HttpRequest } from "../lambda/http.ts";
import type { Logger } from "../lambda/logger.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { AccessStore, ApiKey } from "../store/access.ts";

/** `tcn_<id>_<secret>`; neither part contains `_`. */
const KEY_FORM = /^tcn_([A-Za-z0-9-]{1,64})_([A-Za-z0-9-]{1,256})$/;

const TOUCH_EVERY_MS = 60_000;

// What an unknown id's secret is compared with, so that it takes as long as a known one.
const NO_SECRET = sha256Hex("no such key");

/** The key that a request was signed with: `Authorization: OAuth|Bearer <key>` or `?api_key=`. Throws 401. */
export async function authenticate(
  request: HttpRequest,
  deps: { access: Pick<AccessStore, "getApiKey" | "touchApiKey">; log: Logger },
  now: number,
): Promise<ApiKey> {
  const [, keyId, secret] = KEY_FORM.exec(credential(request) ?? "") ?? [];
  if (keyId === undefined || secret === undefined) throw unauthenticated();
  const apiKey = await deps.access.getApiKey(keyId);
  const matches = sameDigest(sha256Hex(secret), apiKey?.secretHash ?? NO_SECRET);
  if (apiKey === null || !matches) throw unauthenticated();
  if (apiKey.expiresAt !== null && apiKey.expiresAt <= now) throw unauthenticated();
  if (apiKey.lastUsedAt === null || now - apiKey.lastUsedAt >= TOUCH_EVERY_MS) await touch(apiKey, deps, now);
  return apiKey;
}

/** The header wins: a key in the query ends up in logs and is taken for compatibility only. */
function credential(request: HttpRequest): string | null {
  const header = request.headers.authorization;
  if (header === undefined) return request.query.get("api_key");
  return /^(?:oauth|bearer)\s+(\S+)\s*$/i.exec(header)?.[1] ?? null;
}

/** A key that cannot be marked as used is still good. */
async function touch(
  apiKey: ApiKey,
  deps: { access: Pick<AccessStore, "touchApiKey">; log: Logger },
  now: number,
): Promise<void> {
  try {
    await deps.access.touchApiKey(apiKey.id, now);
  } catch (error) {
    deps.log.error("key not marked as used", error, { keyId: apiKey.id });
  }
}

function unauthenticated(): HttpProblem {
  return new HttpProblem(401, "Could not authenticate", [], { "www-authenticate": 'OAuth realm="manage"' });
}
