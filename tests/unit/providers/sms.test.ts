import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, it, vi } from "vitest";
import { snsSms } from "../../../functions/providers/sms.ts";
import { closeServer, listen, portOf } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";

const NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";

const later = afterTheTest();
afterEach(() => void vi.unstubAllEnvs());

/** The form that SNS is sent, with the attributes of the SMS by name. */
async function published(
  senderId: string | null,
  message = "Down",
): Promise<{ form: URLSearchParams; attributes: Map<string, string | null> }> {
  let form = new URLSearchParams();
  const server = createServer(async (request, response) => {
    form = new URLSearchParams(await text(request));
    response
      .writeHead(200, { "content-type": "text/xml" })
      .end(
        `<PublishResponse xmlns="${NAMESPACE}"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`,
      );
  });
  await listen(server, 0);
  later(() => closeServer(server));
  vi.stubEnv("AWS_ENDPOINT_URL_SNS", `http://127.0.0.1:${portOf(server)}`);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const sent = await snsSms(0.15, senderId).send({ phone: "+4915112345678", country: "DE" }, message);
  expect(sent).toEqual({ outcome: "accepted", providerId: "m" });
  const attributes = new Map<string, string | null>();
  for (let entry = 1; form.has(`MessageAttributes.entry.${entry}.Name`); entry += 1) {
    const name = form.get(`MessageAttributes.entry.${entry}.Name`) ?? "";
    attributes.set(name, form.get(`MessageAttributes.entry.${entry}.Value.StringValue`));
  }
  return { form, attributes };
}

it("asks SNS for a transactional SMS of at most the price, from the sender named", async () => {
  const { form, attributes } = await published("Acme");
  expect([form.get("Action"), form.get("PhoneNumber"), form.get("Message")]).toEqual([
    "Publish",
    "+4915112345678",
    "Down",
  ]);
  expect(Object.fromEntries(attributes)).toEqual({
    "AWS.SNS.SMS.SMSType": "Transactional",
    "AWS.SNS.SMS.MaxPrice": "0.15",
    "AWS.SNS.SMS.SenderID": "Acme",
  });
});

it("names no sender where none is chosen", async () => {
  const { attributes } = await published(null);
  expect(attributes.has("AWS.SNS.SMS.SenderID")).toBe(false);
});

it("lets SNS charge for each segment", async () => {
  const { form, attributes } = await published(null, "ы".repeat(135));
  expect(form.get("Message")).toBe("ы".repeat(135));
  expect(attributes.get("AWS.SNS.SMS.MaxPrice")).toBe("0.45");
});
