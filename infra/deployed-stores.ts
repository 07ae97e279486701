import { randomBytes } from "node:crypto";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { dynamoKeyStore } from "../functions/store/keys/dynamo-keys.ts";
import { dynamoStatusStore } from "../functions/store/status/dynamo-status.ts";
import { dynamoClient } from "../functions/store/table.ts";
import { requireAccount } from "./right-account.ts";
import { readOutputs } from "./stack-outputs.ts";

/** The tables of a deployment, in its own region and account. They need the deployment's AWS credentials. */
export async function deployedStores(outputsFile: string) {
  const outputs = await readOutputs(outputsFile);
  await requireAccount(outputs);
  const client = dynamoClient({ region: outputs.Region });
  return {
    status: dynamoStatusStore({
      client,
      statusTable: outputs.StatusTableName,
      deliveriesTable: outputs.DeliveriesTableName,
    }),
    access: dynamoAccessStore({ client, table: outputs.AccessTableName, random: randomBytes }),
    keys: dynamoKeyStore({ client, table: outputs.KeysTableName }),
  };
}
