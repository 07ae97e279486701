import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { sesLimits } from "../../../functions/providers/mail.ts";

let server: Server;
let quota = { max: 0, sent: 0, rate: 0 };
/** Refusals before it answers. */
let refusals = 0;
let asked = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "text/xml");
    asked += 1;
    if (asked <= refusals) {
      const error = "<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>";
      response.writeHead(400).end(`<ErrorResponse>${error}</ErrorResponse>`);
      return;
    }
    response.end(`<GetSendQuotaResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><GetSendQuotaResult>
      <Max24HourSend>${quota.max}</Max24HourSend><SentLast24Hours>${quota.sent}</SentLast24Hours>
      <MaxSendRate>${quota.rate}</MaxSendRate></GetSendQuotaResult></GetSendQuotaResponse>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SES: `http://127.0.0.1:${address.port}`,
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
});
afterAll(() => void server.close());
beforeEach(() => {
  refusals = 0;
  asked = 0;
});

it.each([
  ["two in a hundred of a large quota are kept for confirmations", { max: 100_000, sent: 10_000, rate: 14 }, 88_000],
  ["a minute's worth of a small one, for so old may the known quota be", { max: 10_000, sent: 0, rate: 14 }, 9_160],
  ["what is kept is not given out", { max: 100_000, sent: 99_000, rate: 14 }, 0],
  ["no quota is none", { max: -1, sent: 5, rate: 14 }, null],
])("%s", async (_, given, leftToday) => {
  quota = given;
  const perDay = given.max < 0 ? given.rate * 86_400 : given.max;
  expect(await sesLimits().quota()).toEqual({ perSecond: given.rate, leftToday, perDay });
});

it("asks again when SES is too busy to say, for that sends nothing", async () => {
  quota = { max: -1, sent: 0, rate: 14 };
  refusals = 1;
  expect(await sesLimits().quota()).toMatchObject({ perSecond: 14 });
  expect(asked).toBe(2);
});

it("makes up no limits when SES does not say them", async () => {
  refusals = 100;
  await expect(sesLimits().quota()).rejects.toThrow("Rate exceeded");
});
