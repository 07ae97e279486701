import * as z from "zod/mini";
import type { Random } from "./clock.ts";
import { idSchema } from "./ids.ts";

export const apiScopes = [
  "pages:read",
  "pages:write",
  "components:read",
  "components:write",
  "incidents:read",
  "incidents:write",
  "subscribers:read",
  "subscribers:write",
  "keys:read",
  "keys:write",
] as const;
export const apiScopeSchema = z.enum(apiScopes);
export type ApiScope = z.infer<typeof apiScopeSchema>;

export const apiKeySchema = z.object({
  id: z.string(),
  pageId: idSchema,
  name: z.string(),
  /** SHA-256, hex, of the secret's text. The secret itself is stored nowhere. */
  secretHash: z.string(),
  /** The secret before the last rotation; good until then. */
  previous: z.nullable(z.object({ secretHash: z.string(), validUntil: z.number() })),
  scopes: z.array(apiScopeSchema),
  /** Id of the key that made it; null for one made with access to the tables. */
  createdBy: z.nullable(z.string()),
  createdAt: z.number(),
  rotatedAt: z.nullable(z.number()),
  /** Id of the key that it was last rotated with: the holder of that key knows this one's secret. Null as above. */
  rotatedBy: z._default(z.nullable(z.string()), null),
  /** From then on it is refused like an unknown key. */
  expiresAt: z.nullable(z.number()),
  revokedAt: z.nullable(z.number()),
  /** When the present secret was last used, to the minute. `previousUsedAt` is the same for the secret before. */
  lastUsedAt: z.nullable(z.number()),
  previousUsedAt: z.nullable(z.number()),
  /** Rises with every change but its use. */
  version: z.number(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

export type KeyState = "active" | "expired" | "revoked";

export function keyStateOf({ revokedAt, expiresAt }: ApiKey, now: number): KeyState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && expiresAt <= now ? "expired" : "active";
}

const SECRET_BYTES = 32;

/** 256 bits in hex, because neither part of a key may have a `_`. */
export function newSecret(random: Random): string {
  return Buffer.from(random(SECRET_BYTES)).toString("hex");
}

export function keyText(keyId: string, secret: string): string {
  return `tcn_${keyId}_${secret}`;
}

/** What a key can do, and for how long. */
export type KeyPower = Pick<ApiKey, "scopes" | "expiresAt">;

/**
 * Where `wanted` goes beyond `own`, or null where it does not. Nobody makes, renews or changes a key that can do more
 * than their own, or lasts longer. Otherwise a key that may manage keys would be as good as one that may do everything.
 */
export function beyond(own: KeyPower, wanted: KeyPower): { field: "scopes" | "expires_at"; problem: string } | null {
  const more = wanted.scopes.filter((scope) => !own.scopes.includes(scope));
  if (more.length > 0) return { field: "scopes", problem: `go beyond those of your own key: ${more.join(", ")}` };
  if (own.expiresAt !== null && (wanted.expiresAt === null || wanted.expiresAt > own.expiresAt)) {
    return { field: "expires_at", problem: "is later than the end of your own key" };
  }
  return null;
}

/** The working keys that were made with this one, those that were made with them, and so on. */
export function madeWith(keyId: string, keys: readonly ApiKey[], now: number): ApiKey[] {
  return reachedFrom(keyId, keys, now, ({ createdBy }) => [createdBy]);
}

/** The working keys whose secrets this one learned, or one of those did: by making or rotating them. */
export function toldTo(keyId: string, keys: readonly ApiKey[], now: number): ApiKey[] {
  return reachedFrom(keyId, keys, now, ({ createdBy, rotatedBy }) => [createdBy, rotatedBy]);
}

function reachedFrom(
  keyId: string,
  keys: readonly ApiKey[],
  now: number,
  from: (key: ApiKey) => readonly (string | null)[],
): ApiKey[] {
  const reached = new Set([keyId]);
  const working: ApiKey[] = [];
  for (let before = 0; before !== reached.size; ) {
    before = reached.size;
    for (const key of keys) {
      if (reached.has(key.id) || !from(key).some((each) => each !== null && reached.has(each))) continue;
      reached.add(key.id);
      // A key that has ended counts as a link too: the keys it made may go on.
      if (keyStateOf(key, now) === "active") working.push(key);
    }
  }
  return working;
}
