import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import * as z from "zod";
import { PARTITIONS } from "../../../functions/core/chunk.ts";
import { sdkLogger } from "../../../functions/lambda/sdk-logger.ts";
import { dynamoAudience } from "../../../functions/store/subscribers/dynamo-audience.ts";

const PAGE = "page00000001";
/** Of one page of a COUNT query, which ends at 1 MB. */
const MOST_COUNTED = 2_300;

const querySchema = z.object({ ExpressionAttributeValues: z.object({ ":pk": z.object({ S: z.string() }) }) });

/** An audience with so many subscribers in each partition, as COUNT queries find it; and what they counted. */
function audienceOf(inEach: number) {
  const counted: number[] = [];
  const client = new DynamoDBClient({ logger: sdkLogger, region: "eu-central-1" });
  client.middlewareStack.add(
    () => async (call) => {
      const { S: pk } = querySchema.parse(call.input).ExpressionAttributeValues[":pk"];
      const partition = Number(pk.slice(`PAGE#${PAGE}#email#`.length));
      const Count = Math.min(inEach, MOST_COUNTED);
      counted.push(Count);
      const reached = Math.floor(((partition + Count / inEach) * 2 ** 32) / PARTITIONS) - 1;
      const sk = { S: `${reached.toString(16).padStart(8, "0")}#subscriber01` };
      const LastEvaluatedKey = Count < inEach ? { pk: { S: pk }, sk } : undefined;
      return { response: {}, output: { $metadata: {}, Count, LastEvaluatedKey } };
    },
    { step: "initialize", name: "table" },
  );
  return { store: dynamoAudience(client, "subscribers"), counted };
}

it.each([
  { inEach: 0, queries: 32 },
  { inEach: 3, queries: 32 },
  { inEach: 60, queries: 32 },
  { inEach: 100, queries: 21 },
  { inEach: 500, queries: 5 },
  { inEach: 2_000, queries: 1 },
  { inEach: 31_250, queries: 1 },
])("estimates an audience of $inEach in each partition by $queries queries", async ({ inEach, queries }) => {
  const { store, counted } = audienceOf(inEach);
  const estimate = await store.estimate(PAGE, "email");
  expect(counted).toHaveLength(queries);
  expect(Math.abs(estimate - inEach * PARTITIONS)).toBeLessThanOrEqual(1);
});
