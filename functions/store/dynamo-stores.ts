import { randomBytes } from "node:crypto";
import type { AccessStore } from "./access/access-store.ts";
import { dynamoAccessStore } from "./access/dynamo-access.ts";
import { dynamoLedger } from "./deliveries/dynamo-ledger.ts";
import type { Ledger } from "./deliveries/ledger.ts";
import { dynamoStatusStore } from "./status/dynamo-status.ts";
import type { StatusStore } from "./status/status-store.ts";
import { dynamoSubscriberStore } from "./subscribers/dynamo-subscribers.ts";
import type { SubscriberStore } from "./subscribers/subscriber-store.ts";
import { dynamoClient } from "./table.ts";

export interface TableNames {
  STATUS_TABLE: string;
  SUBSCRIBERS_TABLE: string;
  DELIVERIES_TABLE: string;
  ACCESS_TABLE: string;
}

export interface Stores {
  status: StatusStore;
  subscribers: SubscriberStore;
  ledger: Ledger;
  access: AccessStore;
}

/** The tables of the pipeline over one client, for the functions that need them all. */
export function dynamoStores(names: TableNames, client = dynamoClient()): Stores {
  return {
    status: dynamoStatusStore({ client, statusTable: names.STATUS_TABLE, deliveriesTable: names.DELIVERIES_TABLE }),
    subscribers: dynamoSubscriberStore({ client, table: names.SUBSCRIBERS_TABLE }),
    ledger: dynamoLedger({ client, table: names.DELIVERIES_TABLE, random: randomBytes }),
    access: dynamoAccessStore({ client, table: names.ACCESS_TABLE, random: randomBytes }),
  };
}
