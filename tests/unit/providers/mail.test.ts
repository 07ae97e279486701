import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, expect, it, vi } from "vitest";
import { sesMail } from "../../../functions/providers/mail.ts";
import { closeServer, listen, portOf } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";

const later = afterTheTest();
afterEach(() => void vi.unstubAllEnvs());

const RAW = "From: Acme <status@example.com>\r\nTo: anna@subscriber.example\r\n\r\nDown.\r\n..\r\n";

/** What SES is sent, and what comes of its answer. */
async function sent(answer: string): Promise<{ form: URLSearchParams; outcome: unknown }> {
  let form = new URLSearchParams();
  const server = createServer(async (request, response) => {
    form = new URLSearchParams(await text(request));
    response.writeHead(200, { "content-type": "text/xml" }).end(answer);
  });
  await listen(server, 0);
  later(() => closeServer(server));
  vi.stubEnv("AWS_ENDPOINT_URL_SES", `http://127.0.0.1:${portOf(server)}`);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const mail = { to: "anna@subscriber.example", raw: RAW, tags: { page: "page00000000", seq: "7" } };
  const outcome = await sesMail("set", "status@example.com").send(mail);
  return { form, outcome };
}

const result = (inner: string) =>
  `<SendRawEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendRawEmailResult>${inner}</SendRawEmailResult></SendRawEmailResponse>`;

it("hands the mail to SES as it is, to one recipient, with tags that its reports will name", async () => {
  const { form, outcome } = await sent(result("<MessageId>0107-1</MessageId>"));
  expect(outcome).toEqual({ outcome: "accepted", providerId: "0107-1" });
  const { Action, Source, ConfigurationSetName, "RawMessage.Data": data = "", ...rest } = Object.fromEntries(form);
  expect([Action, Source, ConfigurationSetName]).toEqual(["SendRawEmail", "status@example.com", "set"]);
  expect(Buffer.from(data, "base64").toString("latin1")).toBe(RAW);
  expect(rest).toEqual({
    Version: "2010-12-01",
    "Destinations.member.1": "anna@subscriber.example",
    "Tags.member.1.Name": "page",
    "Tags.member.1.Value": "page00000000",
    "Tags.member.2.Name": "seq",
    "Tags.member.2.Value": "7",
  });
});

it("takes a mail for accepted that SES gives no id", async () => {
  expect(await sent(result(""))).toMatchObject({ outcome: { outcome: "accepted", providerId: null } });
});
