import * as z from "zod/mini";
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
  /** From then on it is refused, as an unknown one is. */
  expiresAt: z.nullable(z.number()),
  revokedAt: z.nullable(z.number()),
  /** To the minute, as is `previousUsedAt` of the secret before. */
  lastUsedAt: z.nullable(z.number()),
  previousUsedAt: z.nullable(z.number()),
  /** Rises with every change but its use. */
  version: z.number(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;
