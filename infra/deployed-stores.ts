import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dynamoAccessStore } from "../functions/store/access/dynamo-access.ts";
import { dynamoKeyStore } from "../functions/store/keys/dynamo-keys.ts";
import { dynamoStatusStore } from "../functions/store/status/dynamo-status.ts";
import { dynamoClient } from "../functions/store/table.ts";
import { UsageError } from "./command.ts";
import { stateOutputs } from "./stack-outputs.ts";

/**
 * The tables of a deployment, from the file that "npm run deploy" wrote. They need the deployment's AWS credentials.
 */
export function deployedStores({ outputs, stack }: { outputs: string; stack: string | undefined }) {
  const names = stateOutputs(contentOf(outputs), stack);
  const client = dynamoClient();
  return {
    status: dynamoStatusStore({
      client,
      statusTable: names.StatusTableName,
      deliveriesTable: names.DeliveriesTableName,
    }),
    access: dynamoAccessStore({ client, table: names.AccessTableName, random: randomBytes }),
    keys: dynamoKeyStore({ client, table: names.KeysTableName }),
  };
}

function contentOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new UsageError(`--outputs: there is no ${path} to read: deploy first, or name the file`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`--outputs: ${path} is not JSON`);
  }
}
