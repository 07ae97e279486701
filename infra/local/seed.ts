import { randomBytes } from "node:crypto";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Locale } from "../../functions/core/locale.ts";
import { dynamoAccessStore } from "../../functions/store/access/dynamo-access.ts";
import { dynamoKeyStore } from "../../functions/store/keys/dynamo-keys.ts";
import type { KeyStore } from "../../functions/store/keys/key-store.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import type { StatusStore } from "../../functions/store/status/status-store.ts";
import { createFirstPage } from "../first-page.ts";
import { type Credentials, type DataDir, readCredentials, writeCredentials } from "./data-dir.ts";
import { StartFailure } from "./failure.ts";

export interface SeedDeps {
  client: DynamoDBClient;
  statusTable: string;
  deliveriesTable: string;
  accessTable: string;
  keysTable: string;
  dir: DataDir;
  /** The page's language, if it is made now. */
  locale: Locale;
  clock(): number;
}

const PAGE = { name: "DRACOON Cloud", timeZone: "Europe/Berlin" };

/**
 * A page and an API key with every scope, made at the first start and found again at later ones. It forgets every
 * publication: the bucket is empty at every start, and sweep has it written again.
 */
export async function seed({
  client,
  statusTable,
  deliveriesTable,
  accessTable,
  keysTable,
  dir,
  locale,
  clock,
}: SeedDeps): Promise<Credentials> {
  const status = dynamoStatusStore({ client, statusTable, deliveriesTable });
  const access = dynamoAccessStore({ client, table: accessTable, random: randomBytes });
  const keys = dynamoKeyStore({ client, table: keysTable });
  const kept = await readCredentials(dir);
  const credentials = kept !== null && (await isGood(kept, status, keys)) ? kept : null;
  if (credentials !== null) {
    await access.makeSigningKey(credentials.pageId);
    for (const page of await status.listPages()) await status.forgetPublication(page.id);
    return credentials;
  }
  const first = await createFirstPage({ ...PAGE, locale }, { status, access, keys, clock, random: randomBytes });
  if (first.outcome === "exists") {
    throw new StartFailure(`${dir.path} has a page whose API key is lost: remove it, or choose another with --data`);
  }
  const made = { pageId: first.page.id, apiKey: first.apiKey };
  await writeCredentials(dir, made);
  return made;
}

async function isGood({ pageId, apiKey }: Credentials, status: StatusStore, keys: KeyStore): Promise<boolean> {
  const [, keyId = ""] = apiKey.split("_");
  return (await status.getPage(pageId)) !== null && (await keys.getKey(keyId)) !== null;
}
