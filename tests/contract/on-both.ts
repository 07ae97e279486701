import { randomBytes } from "node:crypto";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, inject } from "vitest";
import { sdkLogger } from "../../functions/lambda/sdk-logger.ts";
import { createTables, type TableNames, tableNames } from "./tables.ts";

export interface Server {
  client: DynamoDBClient;
  tables: TableNames;
}

/** A client of the server that the suite runs against. */
export function contractClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: "eu-central-1",
    credentials: { accessKeyId: "contract", secretAccessKey: "contract" },
    logger: sdkLogger,
  });
}

/** Describes a suite with tables of its own on the server; skipped where there is none. */
export function describeOnDynamo(name: string, suite: (server: () => Server) => void): void {
  const endpoint = inject("dynamoEndpoint");
  describe.skipIf(endpoint === null)(name, () => {
    let server: Server | null = null;
    beforeAll(async () => {
      const client = contractClient(endpoint ?? "");
      const tables = tableNames(`contract-${randomBytes(6).toString("hex")}`);
      await createTables(client, tables);
      server = { client, tables };
    });
    suite(() => {
      if (server === null) throw new Error("the server is there from beforeAll on");
      return server;
    });
  });
}

/** One contract, kept by the fake and by the real implementation. `make` is called once per test. */
export function describeOnBoth<Subject>(
  name: string,
  make: { memory: () => Subject; dynamo: (server: Server) => Subject },
  suite: (subject: () => Subject) => void,
): void {
  describe(`${name} in memory`, () => suite(make.memory));
  describeOnDynamo(`${name} on DynamoDB`, (server) => suite(() => make.dynamo(server())));
}
