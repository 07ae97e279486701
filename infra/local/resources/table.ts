import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { StartFailure } from "../failure.ts";
import type { Clients } from "../services.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(["HASH", "RANGE"]) }));
const indexSchema = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.enum(["ALL", "KEYS_ONLY", "INCLUDE"]),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});
const propertiesSchema = z.object({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(["S", "N", "B"]) })),
  KeySchema: keySchema,
  LocalSecondaryIndexes: z.array(indexSchema).optional(),
  GlobalSecondaryIndexes: z.array(indexSchema).optional(),
  StreamSpecification: z
    .object({ StreamViewType: z.enum(["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]) })
    .optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }).optional(),
});
type TableProperties = z.infer<typeof propertiesSchema>;

/** The table as the last start left it, or a new one. */
export async function provisionTable(request: ProvisionRequest): Promise<Provisioned> {
  const properties = readProperties(propertiesSchema, request);
  const name = properties.TableName ?? request.name;
  const { clients } = request.services;
  const found = await describe(clients, name);
  if (found !== null && shapeOf(found) !== shapeOf(properties)) {
    throw new StartFailure(
      `${request.path} has other keys, indexes or stream now than the table kept from an earlier start: choose a new directory with --data, or remove the old one`,
    );
  }
  const table = found ?? (await create(clients, name, properties));
  return {
    ref: name,
    attributes: { Arn: table.TableArn ?? "", StreamArn: table.LatestStreamArn ?? "" },
  };
}

async function describe({ dynamodb }: Clients, name: string): Promise<TableDescription | null> {
  try {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
    return Table ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}

async function create({ dynamodb }: Clients, name: string, properties: TableProperties): Promise<TableDescription> {
  const { StreamSpecification, TimeToLiveSpecification } = properties;
  const { TableDescription: made } = await dynamodb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: properties.AttributeDefinitions,
      KeySchema: properties.KeySchema,
      LocalSecondaryIndexes: properties.LocalSecondaryIndexes,
      GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes,
      // CloudFormation turns the stream on by naming its view.
      StreamSpecification: StreamSpecification && { ...StreamSpecification, StreamEnabled: true },
    }),
  );
  if (made === undefined) throw new StartFailure(`The table ${name} was not made`);
  if (TimeToLiveSpecification?.Enabled === true) {
    await dynamodb.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
  }
  return made;
}

/** What cannot be changed in place, as text that compares. */
function shapeOf(table: TableProperties | TableDescription): string {
  const keys = (schema: TableDescription["KeySchema"]) =>
    (schema ?? []).map(({ AttributeName, KeyType }) => `${KeyType} ${AttributeName}`).join(", ");
  const indexes = [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])].map(
    ({ IndexName, KeySchema }) => `${IndexName}: ${keys(KeySchema)}`,
  );
  return [keys(table.KeySchema), ...indexes.sort(), table.StreamSpecification?.StreamViewType ?? "no stream"].join(
    "; ",
  );
}
