import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sesMail } from "../../../functions/providers/mail.ts";
import { refusalOf } from "../../../functions/providers/refusal.ts";
import { snsSms } from "../../../functions/providers/sms.ts";
import { snsTopic } from "../../../functions/providers/topic.ts";
import { closeServer, HOST, listen, portOf } from "../../../infra/local/listen.ts";
import { EXPIRED_CERTIFICATE, EXPIRED_KEY } from "../../fixtures/expired-certificate.ts";

const FROM = "status@example.com";
const TO = "anna@subscriber.example";
const PHONE = "+4915112345678";

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ending.splice(0)) await end();
});

/** A provider that refuses everything in this way, in the form of AWS's query protocol. */
async function refusing(status: number, code: string, message: string): Promise<void> {
  const server = createServer((request, response) => {
    request
      .resume()
      .on("end", () =>
        response
          .writeHead(status, { "content-type": "text/xml" })
          .end(
            `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
          ),
      );
  });
  await listen(server, 0);
  ending.push(() => closeServer(server));
  at(`http://127.0.0.1:${portOf(server)}`);
}

/** Its port. Ends with the test. */
async function opened(server: Server): Promise<number> {
  server.listen(0, HOST);
  await once(server, "listening");
  ending.push(async () => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("listens on no port");
  return address.port;
}

function at(url: string): void {
  vi.stubEnv("AWS_ENDPOINT_URL_SES", url);
  vi.stubEnv("AWS_ENDPOINT_URL_SNS", url);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
}

function mail(to = TO) {
  return sesMail("set", FROM).send({ to, raw: "From: x", tags: {} });
}

const IDENTITIES = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1:";

const everybody = (reason: string) => ({ outcome: "sender problem", reason, reach: "everybody" });
const onlyThis = (reason: string) => ({ outcome: "sender problem", reason, reach: "recipient" });

describe("SES", () => {
  it.each([
    [
      400,
      "MessageRejected",
      `${IDENTITIES} Example &lt;${FROM}&gt;, ${FROM}`,
      everybody("sender identity not verified"),
    ],
    [400, "MessageRejected", `${IDENTITIES} ${FROM}, ${TO}`, everybody("sender identity not verified")],
    [400, "MessageRejected", `${IDENTITIES} Example &lt;${FROM}&gt;, ...`, everybody("sender identity not verified")],
    [400, "MessageRejected", `${IDENTITIES} ${TO}`, onlyThis("account in the sandbox")],
    [400, "MessageRejected", `${IDENTITIES} Anna@Subscriber.Example...`, onlyThis("account in the sandbox")],
    [400, "MessageRejected", "Email address is not verified.", everybody("sender identity not verified")],
    [
      400,
      "MessageRejected",
      "Sending suspended for this account. For more information, please check the inbox of the email address associated with your AWS account.",
      everybody("account paused"),
    ],
    [400, "MessageRejected", "Sending paused for this account.", everybody("account paused")],
    [400, "AccountSendingPausedException", "Email sending is disabled", everybody("account paused")],
    [400, "ConfigurationSetSendingPausedException", "paused", everybody("configuration set paused")],
    [
      400,
      "MessageRejected",
      "Sending paused for the configuration set &lt;set&gt;.",
      everybody("configuration set paused"),
    ],
    [
      400,
      "ConfigurationSetDoesNotExist",
      "Configuration set &lt;set&gt; does not exist.",
      everybody("configuration set missing"),
    ],
    [400, "MailFromDomainNotVerifiedException", "no MX", everybody("MAIL FROM domain not verified")],
    [403, "AccessDenied", "User is not authorized to perform `ses:SendRawEmail'", everybody("not permitted")],
    [
      403,
      "AccessDenied",
      `not authorized to perform ses:SendRawEmail on resource arn:aws:ses:eu-central-1:1:identity/${TO}`,
      onlyThis("not permitted"),
    ],
    [
      403,
      "AccessDenied",
      `not authorized to perform ses:SendRawEmail on resource arn:aws:ses:eu-central-1:1:identity/${FROM}`,
      everybody("not permitted"),
    ],
    [403, "ExpiredToken", "The security token included in the request is expired", everybody("credentials refused")],
    [400, "ExpiredTokenException", "expired", everybody("credentials refused")],
    [403, "InvalidClientTokenId", "invalid", everybody("credentials refused")],
    [403, "SignatureDoesNotMatch", "Signature expired", everybody("credentials refused")],
    [400, "RequestExpired", "Request has expired.", everybody("credentials refused")],
    [403, "OptInRequired", "needs a subscription for the service", everybody("service not enabled")],
    [403, "SomethingNew", "no", everybody("not permitted")],
    [400, "Throttling", "Maximum sending rate exceeded.", { outcome: "throttled" }],
    [400, "ThrottlingException", "Rate exceeded", { outcome: "throttled" }],
    [400, "Throttling", "Daily message quota exceeded.", { outcome: "quota exhausted" }],
    [400, "LimitExceededException", "Daily message quota exceeded.", { outcome: "quota exhausted" }],
    [
      400,
      "MessageRejected",
      "Address blacklisted.",
      { outcome: "rejected", reason: "address on the suppression list" },
    ],
    [
      400,
      "InvalidParameterValue",
      "Message length is more than 10485760 bytes long: '12'.",
      { outcome: "refused", reason: "message too long" },
    ],
    [400, "MessageRejected", "Message contained a virus", { outcome: "refused", reason: "message taken for a virus" }],
    [400, "SomethingNobodyHasSeen", "Whatever.", { outcome: "refused", reason: "SomethingNobodyHasSeen" }],
    [503, "ServiceUnavailable", "try later", { outcome: "unknown", reason: "ServiceUnavailable (503)" }],
    // A text in a 5xx is no clear answer.
    [500, "InternalFailure", "account is paused", { outcome: "unknown", reason: "InternalFailure (500)" }],
  ])("%i %s: %s", async (status, code, message, expected) => {
    await refusing(status, code, message);
    expect(await mail()).toEqual(expected);
  });

  it.each([
    ["Local address contains control or whitespace", "an na@subscriber.example"],
    ["Local address contains illegal character", "änna@subscriber.example"],
    ["Illegal address", "a,b@subscriber.example"],
    ["Missing final '@domain'", "anna"],
    ["Domain contains illegal character", "anna@sub_scriber.example"],
    ["Domain contains dot-dot", "anna@subscriber..example"],
    ["Local address ends with dot", "anna.@subscriber.example"],
  ])("blames a recipient whose address is malformed: %s", async (message, to) => {
    await refusing(400, "InvalidParameterValue", message);
    expect(await mail(to)).toEqual({ outcome: "rejected", reason: "invalid address" });
    // The same words about somebody whose address is well-formed mean another one: ours, perhaps.
    expect(await mail()).toEqual({ outcome: "refused", reason: "an address is refused" });
  });

  it.each([
    "o'brien@subscriber.example",
    "r/d@subscriber.example",
    "r&amp;d@subscriber.example",
    "Anna@Subscriber.Example",
  ])("whose sandbox does not let %s through takes mail to others", async (written) => {
    const to = written.replace("&amp;", "&").toLowerCase();
    for (const named of [
      written,
      `arn:aws:ses:eu-central-1:123456789012:identity/${written}`,
      `&lt;${written}&gt;...`,
    ]) {
      await refusing(400, "MessageRejected", `${IDENTITIES} ${named}`);
      expect(await mail(to)).toEqual(onlyThis("account in the sandbox"));
      await refusing(400, "MessageRejected", `${IDENTITIES} ${named}, ${FROM}`);
      expect(await mail(to)).toEqual(everybody("sender identity not verified"));
    }
  });

  it.each([
    ["o'brien@subscriber.example", "o'brien@subscriber.example'", "recipient"],
    ["anna@subscriber.example", "anna@subscriber.example.", "recipient"],
    ["anna@subscriber.example", "subscriber.example because no policy allows it", "recipient"],
    ["anna@subscriber.example", "anna@subscriber.example.org", "everybody"],
    ["anna@example.com", "example.com", "everybody"],
    [FROM, FROM, "everybody"],
  ])("that is not permitted to write to %s, where %s is named, concerns: %s", async (to, named, reach) => {
    await refusing(403, "AccessDenied", `not authorized on resource 'arn:aws:ses:eu-central-1:1:identity/${named}`);
    expect(await mail(to)).toEqual({ outcome: "sender problem", reason: "not permitted", reach });
  });

  it("does not take our address for one that it ends in", async () => {
    await refusing(400, "MessageRejected", `${IDENTITIES} ${FROM}`);
    expect(await mail(FROM.slice(2))).toEqual(everybody("sender identity not verified"));
  });

  it("does not take an address for the provider's words", async () => {
    const to = "sending-suspended@account.example";
    for (const written of [to, to.toUpperCase(), "Sending-Suspended@Account.Example"]) {
      await refusing(400, "SomethingNew", `no mail to ${written}`);
      expect(await mail(to)).toMatchObject({ outcome: "refused" });
    }
  });

  it("that cannot be reached has nothing", async () => {
    const server = createServer();
    await listen(server, 0);
    const url = `http://127.0.0.1:${portOf(server)}`;
    await closeServer(server);
    at(url);
    expect(await mail()).toEqual(everybody("provider cannot be reached"));
  });
});

describe("before a request can have been written, SES surely has nothing", () => {
  const unreached = everybody("provider cannot be reached");

  it("where the connection ends within the TLS handshake", async () => {
    const server = createTcpServer((socket) => socket.destroy());
    at(`https://127.0.0.1:${await opened(server)}`);
    expect(await mail()).toEqual(unreached);
  });

  it("where nobody speaks TLS at the other end", async () => {
    const server = createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    at(`https://127.0.0.1:${await opened(server)}`);
    expect(await mail()).toEqual(unreached);
  });

  it("where the certificate is not the provider's", async () => {
    const server = createHttpsServer({ cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY }, (_, response) => response.end());
    at(`https://127.0.0.1:${await opened(server)}`);
    expect(await mail()).toEqual(unreached);
  });

  const system = (code: string, syscall: string) => Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
  it.each([
    ["a connection that timed out", system("ETIMEDOUT", "connect"), "sender"],
    ["a connection that was reset", system("ECONNRESET", "connect"), "sender"],
    ["no port left", system("EADDRNOTAVAIL", "connect"), "sender"],
    ["a resolver that answers nothing", system("ETIMEOUT", "getaddrinfo"), "sender"],
    [
      "all addresses of a host",
      Object.assign(new AggregateError([system("ETIMEDOUT", "connect"), system("ENETUNREACH", "connect")]), {
        code: "ETIMEDOUT",
      }),
      "sender",
    ],
    ["an answer that was cut off", system("ECONNRESET", "read"), "nobody knows"],
    ["a request that was cut off", system("EPIPE", "write"), "nobody knows"],
    ["a socket that hung up", Object.assign(new Error("socket hang up"), { code: "ECONNRESET" }), "nobody knows"],
  ])("%s", (_, error, whose) => {
    for (const name of ["Error", "TimeoutError"]) {
      expect(refusalOf("ses", Object.assign(error, { name })).whose).toBe(whose);
    }
  });

  it("but may have taken what it hung up on", async () => {
    at(`http://127.0.0.1:${await opened(createTcpServer((socket) => socket.once("data", () => socket.destroy())))}`);
    expect(await mail()).toEqual({ outcome: "unknown", reason: "ECONNRESET" });
  });
});

describe("SNS to a number", () => {
  it.each([
    [
      400,
      "InvalidParameter",
      `Invalid parameter: PhoneNumber Reason: ${PHONE} is opted out`,
      { outcome: "gone", reason: "opted out" },
    ],
    [400, "OptedOut", "no", { outcome: "gone", reason: "opted out" }],
    [
      400,
      "InvalidParameter",
      `Invalid parameter: PhoneNumber Reason: ${PHONE} is not valid to publish to`,
      { outcome: "rejected", reason: "invalid phone number" },
    ],
    [
      400,
      "InvalidParameter",
      "Invalid parameter: Message too long",
      { outcome: "refused", reason: "message too long" },
    ],
    [
      400,
      "InvalidParameter",
      "Invalid parameter: AWS.SNS.SMS.SenderID Reason: bad",
      everybody("sender settings refused"),
    ],
    [400, "Throttled", "Rate exceeded", { outcome: "throttled" }],
    [400, "ThrottledException", "Rate exceeded", { outcome: "throttled" }],
    [429, "Whatever", "slow down", { outcome: "throttled" }],
    [400, "UserError", "No quota left for account", everybody("SMS spending quota used up")],
    [400, "UserError", "No origination entities available to send", onlyThis("no origination identity")],
    [400, "UserError", "The phone number is not verified in your SMS sandbox", onlyThis("account in the sandbox")],
    [400, "UserError", "Destination country is not enabled", onlyThis("country not enabled")],
    [403, "AuthorizationError", "not authorized to perform: SNS:Publish", everybody("not permitted")],
    [
      400,
      "InvalidParameter",
      "Invalid parameter: PhoneNumber Reason: not a phone number",
      { outcome: "rejected", reason: "invalid phone number" },
    ],
    [
      400,
      "ValidationException",
      "The phone number is not valid",
      { outcome: "rejected", reason: "invalid phone number" },
    ],
    // Ours, though a phone number is named.
    [400, "UserError", "The pool has no active phone number", { outcome: "refused", reason: "UserError" }],
    [400, "UserError", "Phone number limit of the account reached", { outcome: "refused", reason: "UserError" }],
    [400, "KMSAccessDenied", "no", everybody("encryption key unavailable")],
    [400, "KMSDisabled", "no", everybody("encryption key unavailable")],
    [403, "KMSOptInRequired", "no", everybody("service not enabled")],
    [400, "KMSThrottling", "no", { outcome: "throttled" }],
    [403, "InvalidSecurity", "no", everybody("credentials refused")],
    [400, "SomethingNobodyHasSeen", "Whatever.", { outcome: "refused", reason: "SomethingNobodyHasSeen" }],
    [500, "InternalError", "oops", { outcome: "unknown", reason: "InternalErrorException (500)" }],
  ])("%i %s: %s", async (status, code, message, expected) => {
    await refusing(status, code, message);
    expect(await snsSms(0.15, null).send({ phone: PHONE, country: "DE" }, "Down")).toEqual(expected);
  });
});

describe("the topic", () => {
  const published = () =>
    snsTopic("arn:aws:sns:eu-central-1:123456789012:updates").publish("{}", {
      page: "page00000000",
      incident: "incident0000",
      status: "resolved",
      impact: "none",
      componentIds: [],
    });

  it.each([
    [
      400,
      "InvalidParameter",
      "Invalid parameter: Message too long",
      { outcome: "refused", reason: "message too long" },
    ],
    [400, "ParameterValueInvalid", "no", { outcome: "refused", reason: "InvalidParameterValue" }],
    [404, "NotFound", "Topic does not exist", { outcome: "unavailable", reason: "queue or topic missing" }],
    [403, "AuthorizationError", "not authorized", { outcome: "unavailable", reason: "not permitted" }],
    [400, "KMSDisabled", "no", { outcome: "unavailable", reason: "encryption key unavailable" }],
    [400, "Throttled", "Rate exceeded", { outcome: "unavailable", reason: "throttle" }],
    [500, "InternalError", "oops", { outcome: "unavailable", reason: "InternalErrorException (500)" }],
  ])("%i %s: %s", async (status, code, message, expected) => {
    await refusing(status, code, message);
    expect(await published()).toEqual(expected);
  });

  it("that cannot be reached is published to later", async () => {
    at(`https://127.0.0.1:${await opened(createTcpServer((socket) => socket.destroy()))}`);
    expect(await published()).toEqual({ outcome: "unavailable", reason: "provider cannot be reached" });
  });
});

describe("topic and queues", () => {
  const refused = (name: string, message: string, status = 400) =>
    Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

  it.each([
    ["sns topic", refused("InvalidParameterException", "Invalid parameter: Message too long"), "unclear"],
    ["sns topic", refused("NotFoundException", "Topic does not exist", 404), "sender"],
    ["sns topic", refused("AuthorizationErrorException", "no", 403), "sender"],
    ["sns topic", refused("KMSNotFoundException", "no"), "sender"],
    ["sns topic", refused("InternalErrorException", "no", 500), "nobody knows"],
    ["sqs", refused("QueueDoesNotExist", "no"), "sender"],
    ["sqs", refused("AWS.SimpleQueueService.NonExistentQueue", "no"), "sender"],
    ["sqs", refused("RequestThrottled", "no", 403), "throttle"],
    ["sqs", refused("KmsAccessDenied", "no"), "sender"],
    ["sqs", refused("BatchRequestTooLong", "no"), "unclear"],
  ] as const)("%s: %s", (provider, error, whose) => {
    expect(refusalOf(provider, error).whose).toBe(whose);
  });
});
