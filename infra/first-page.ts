import { apiScopes, keyText, newSecret } from "../functions/core/api-key.ts";
import type { Clock, Random } from "../functions/core/clock.ts";
import { newId, sha256Hex } from "../functions/core/ids.ts";
import type { Locale } from "../functions/core/locale.ts";
import { NO_BRANDING, type Page, pageSchema } from "../functions/core/page.ts";
import { timeZoneSchema } from "../functions/core/time-zone.ts";
import type { AccessStore } from "../functions/store/access/access-store.ts";
import type { KeyStore } from "../functions/store/keys/key-store.ts";
import type { StatusStore } from "../functions/store/status/status-store.ts";

export interface FirstPageDeps {
  status: Pick<StatusStore, "createPage" | "listPages">;
  access: Pick<AccessStore, "makeSigningKey">;
  keys: Pick<KeyStore, "putKey">;
  clock: Clock;
  random: Random;
}

export type FirstPageOutcome =
  /** `apiKey` is returned here and stored nowhere: only the secret's SHA-256 is stored. */
  { outcome: "created"; page: Page; apiKey: string } | { outcome: "exists"; page: Page };

/**
 * Makes a deployment's page, and a first API key with every scope. A deployment serves one page: a second one is
 * refused. Throws when the time zone is none.
 */
export async function createFirstPage(
  { name, timeZone, locale }: { name: string; timeZone: string; locale: Locale },
  { status, access, keys, clock, random }: FirstPageDeps,
): Promise<FirstPageOutcome> {
  const [present] = await status.listPages();
  if (present !== undefined) return { outcome: "exists", page: present };

  const now = clock();
  const page = pageSchema.parse({
    id: newId(random),
    name,
    locale,
    branding: NO_BRANDING,
    timeZone: timeZoneSchema.parse(timeZone),
    version: 1,
    createdAt: now,
    updatedAt: now,
  });
  const keyId = newId(random);
  const secret = newSecret(random);
  // The keys first: a page without them would be useless, and would stand in the way of another try.
  await access.makeSigningKey(page.id);
  await keys.putKey(
    {
      id: keyId,
      pageId: page.id,
      name: "first key",
      secretHash: sha256Hex(secret),
      previous: null,
      scopes: [...apiScopes],
      createdBy: null,
      createdAt: now,
      rotatedAt: null,
      rotatedBy: null,
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
      previousUsedAt: null,
      version: 1,
    },
    null,
  );
  const created = await status.createPage(page);
  if (created.outcome !== "committed") throw new Error(`the page was not created: ${created.outcome}; try again`);
  return { outcome: "created", page, apiKey: keyText(keyId, secret) };
}
