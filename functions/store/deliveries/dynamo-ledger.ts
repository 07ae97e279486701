import { dynamoChunks } from "./dynamo-chunks.ts";
import { dynamoDeliveries } from "./dynamo-deliveries.ts";
import { dynamoNotices } from "./dynamo-notices.ts";
import { dynamoTexts } from "./dynamo-texts.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerDeps } from "./ledger-deps.ts";

/** The ledger in DynamoDB. */
export function dynamoLedger(deps: LedgerDeps): Ledger {
  return { ...dynamoNotices(deps), ...dynamoTexts(deps), ...dynamoChunks(deps), ...dynamoDeliveries(deps) };
}
