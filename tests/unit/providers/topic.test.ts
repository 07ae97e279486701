import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { snsTopic } from "../../../functions/providers/topic.ts";
import { closeServer, listen, portOf } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";

const later = afterTheTest();
afterEach(() => void vi.unstubAllEnvs());

const ARN = "arn:aws:sns:eu-central-1:123456789012:updates";
/** SNS, "Publish": message and attributes together. */
const LARGEST = 256 * 1_024;

it("is given the body as it is, and of very many components the first", async () => {
  let form = new URLSearchParams();
  const server = createServer(async (request, response) => {
    form = new URLSearchParams(await text(request));
    response
      .writeHead(200, { "content-type": "text/xml" })
      .end("<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>");
  });
  await listen(server, 0);
  later(() => closeServer(server));
  vi.stubEnv("AWS_ENDPOINT_URL_SNS", `http://127.0.0.1:${portOf(server)}`);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const componentIds = Array.from({ length: 3_000 }, (_, nth) => `c${String(nth).padStart(11, "0")}`);
  const subject = { page: "page00000000", incident: "incident0000", status: "resolved", impact: "none", componentIds };
  expect(await snsTopic(ARN).publish('{"a": 1}', subject)).toEqual({ outcome: "published" });

  expect([form.get("TopicArn"), form.get("Message")]).toEqual([ARN, '{"a": 1}']);
  const values = new Map(
    [1, 2, 3, 4, 5].map((entry) => [
      form.get(`MessageAttributes.entry.${entry}.Name`),
      form.get(`MessageAttributes.entry.${entry}.Value.StringValue`) ?? "",
    ]),
  );
  const named = z.array(z.string()).parse(JSON.parse(values.get("component_ids") ?? "null"));
  expect(named.length).toBeGreaterThan(2_000);
  expect(named).toEqual(componentIds.slice(0, named.length));
  expect(Buffer.byteLength(values.get("component_ids") ?? "")).toBeLessThan(LARGEST / 4);
});
