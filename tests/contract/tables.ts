import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type KeySchemaElement,
} from "@aws-sdk/client-dynamodb";

export interface TableNames {
  status: string;
  subscribers: string;
  deliveries: string;
  access: string;
  keys: string;
}

/** Names of their own, so that suites share one server without meeting. */
export function tableNames(prefix: string): TableNames {
  return {
    status: `${prefix}-status`,
    subscribers: `${prefix}-subscribers`,
    deliveries: `${prefix}-deliveries`,
    access: `${prefix}-access`,
    keys: `${prefix}-keys`,
  };
}

/** The tables with the keys and indexes that the state stack gives them. */
export async function createTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  const tables: CreateTableCommandInput[] = [
    {
      TableName: names.status,
      ...keyed([
        { AttributeName: "newestAt", AttributeType: "N" },
        { AttributeName: "unresolvedAt", AttributeType: "N" },
      ]),
      LocalSecondaryIndexes: [localIndex("newest", "newestAt"), localIndex("unresolved", "unresolvedAt")],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    },
    {
      TableName: names.subscribers,
      ...keyed(["purgePk", "purgeSk"].map((AttributeName) => ({ AttributeName, AttributeType: "S" }))),
      GlobalSecondaryIndexes: [
        { IndexName: "purge", KeySchema: keys("purgePk", "purgeSk"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    },
    {
      TableName: names.deliveries,
      ...keyed(
        ["problemsPk", "problemsSk", "duePk", "dueSk", "openPk", "openSk", "endpointSk"].map((AttributeName) => ({
          AttributeName,
          AttributeType: "S",
        })),
      ),
      GlobalSecondaryIndexes: [
        ...["problems", "due", "open"].map((IndexName) => ({
          IndexName,
          KeySchema: keys(`${IndexName}Pk`, `${IndexName}Sk`),
          Projection: { ProjectionType: "ALL" as const },
        })),
        { IndexName: "endpoint", KeySchema: keys("pk", "endpointSk"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    },
    { TableName: names.access, ...keyed([]) },
    { TableName: names.keys, ...keyed([]) },
  ];
  for (const table of tables) await client.send(new CreateTableCommand(table));
}

function keyed(more: AttributeDefinition[]) {
  return {
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keys("pk", "sk"),
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "S" },
      ...more,
    ],
  } satisfies Partial<CreateTableCommandInput>;
}

function keys(pk: string, sk: string): KeySchemaElement[] {
  return [
    { AttributeName: pk, KeyType: "HASH" },
    { AttributeName: sk, KeyType: "RANGE" },
  ];
}

function localIndex(IndexName: string, sk: string) {
  return { IndexName, KeySchema: keys("pk", sk), Projection: { ProjectionType: "ALL" as const } };
}
