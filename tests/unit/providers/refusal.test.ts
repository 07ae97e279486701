import { createServer } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sesMail } from "../../../functions/providers/mail.ts";
import { snsSms } from "../../../functions/providers/sms.ts";
import { snsTopic } from "../../../functions/providers/topic.ts";
import { closeServer, listen, portOf } from "../../../infra/local/listen.ts";
import { afterTheTest } from "../../fixtures/clean-up.ts";

const FROM = "status@example.com";
const TO = "anna@subscriber.example";
const PHONE = "+4915112345678";

const later = afterTheTest();
afterEach(() => void vi.unstubAllEnvs());

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
  later(() => closeServer(server));
  const url = `http://127.0.0.1:${portOf(server)}`;
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
const unknown = (reason: string) => ({ outcome: "unknown", reason });
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
    // Without a text that says so, and where SES is too busy to say 400.
    [400, "Throttling", "Slow down", { outcome: "throttled" }],
    [503, "Throttling", "Maximum sending rate exceeded.", { outcome: "throttled" }],
    [429, "TooManyRequestsException", "Too many requests", { outcome: "throttled" }],
    // A text in a 5xx is no clear answer, and neither is a quota's.
    [503, "ServiceUnavailable", "Daily message quota exceeded.", unknown("ServiceUnavailable (503)")],
    [400, "Throttling", "Daily sending quota exceeded", { outcome: "quota exhausted" }],
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
      "MessageRejected",
      "Address is on the account-level suppression list",
      { outcome: "rejected", reason: "address on the suppression list" },
    ],
    [400, "MailFromDomainNotVerified", "MAIL FROM domain is pending", everybody("MAIL FROM domain not verified")],
    [400, "MessageRejected", "MAIL FROM domain has no MX record", everybody("MAIL FROM domain not verified")],
    [400, "MessageRejected", "Sending has been shut down for this account", everybody("account paused")],
    [400, "MessageRejected", "Your account is under review.", everybody("account paused")],
    [400, "ConfigurationSetDoesNotExistException", "no such set", everybody("configuration set missing")],
    [400, "InvalidParameterValue", "Invalid configuration set name", everybody("configuration set missing")],
    [400, "InvalidParameterValue", "Invalid Return-Path", everybody("sender settings refused")],
    [
      400,
      "InvalidParameterValue",
      "Missing required header &apos;Date&apos;.",
      { outcome: "refused", reason: "InvalidParameterValue" },
    ],
    [400, "InvalidAction", "The action is not valid", everybody("request not understood")],
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
    [503, "Throttled", "Rate exceeded", { outcome: "throttled" }],
    [400, "UserError", "SMS spending limit of the month reached", everybody("SMS spending quota used up")],
    [400, "UserError", "Quota exceeded", everybody("SMS spending quota used up")],
    [400, "UserError", "Rate exceeded", { outcome: "throttled" }],
    [400, "UserError", "The destination is blocked by a protect configuration", onlyThis("country not enabled")],
    [400, "UserError", "Your account requires additional review", everybody("account paused")],
    [400, "InvalidParameter", "Invalid parameter: Empty message", { outcome: "refused", reason: "message too long" }],
    [400, "InvalidParameterValue", "Invalid parameter: MaxPrice", everybody("sender settings refused")],
    [400, "EndpointDisabled", "Endpoint is disabled", { outcome: "refused", reason: "EndpointDisabled" }],
    [403, "ExpiredToken", "The security token included in the request is expired", everybody("credentials refused")],
    // A text in a 5xx is no clear answer.
    [500, "InternalError", `${PHONE} is opted out`, unknown("InternalErrorException (500)")],
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
    [403, "InvalidClientTokenId", "no", { outcome: "unavailable", reason: "credentials refused" }],
    [400, "EndpointDisabled", "Endpoint is disabled", { outcome: "refused", reason: "EndpointDisabled" }],
    [503, "ServiceUnavailable", "no", { outcome: "unavailable", reason: "ServiceUnavailable (503)" }],
    [400, "Throttled", "Rate exceeded", { outcome: "unavailable", reason: "throttle" }],
    [500, "InternalError", "oops", { outcome: "unavailable", reason: "InternalErrorException (500)" }],
  ])("%i %s: %s", async (status, code, message, expected) => {
    await refusing(status, code, message);
    expect(await published()).toEqual(expected);
  });
});
