import { randomBytes } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import type { SigningKey } from "../../../functions/core/signing-key.ts";
import type { TokenSubject } from "../../../functions/core/token-form.ts";
import { webhookId, webhookSecret, webhookSignature } from "../../../functions/core/webhook-signature.ts";

const KEY: SigningKey = { version: 3, key: randomBytes(32) };
const SUBJECT: TokenSubject = { pageId: "page00000001", channel: "email", subscriberId: "subscriber01" };

describe("webhook signature", () => {
  const secret = webhookSecret(KEY, SUBJECT.pageId, SUBJECT.subscriberId, 1);
  const id = webhookId(SUBJECT.subscriberId, "update000001");
  const body = JSON.stringify({ incident: { name: "Störung “API”" } });
  const seconds = Math.floor(Date.now() / 1_000);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": webhookSignature(secret, id, seconds, body),
  };

  it.each([
    { by: "standardwebhooks", verifier: new StandardWebhook(secret) },
    { by: "svix", verifier: new SvixWebhook(secret) },
  ])("is verified by $by, which refuses another body, id, time and secret", ({ verifier }) => {
    expect(() => verifier.verify(body, headers)).not.toThrow();
    expect(() => verifier.verify(`${body} `, headers)).toThrow();
    expect(() => verifier.verify(body, { ...headers, "webhook-id": "msg_other" })).toThrow();
    expect(() => verifier.verify(body, { ...headers, "webhook-timestamp": String(seconds - 1) })).toThrow();
    const other = webhookSecret(KEY, SUBJECT.pageId, SUBJECT.subscriberId, 2);
    const forged = { ...headers, "webhook-signature": webhookSignature(other, id, seconds, body) };
    expect(() => verifier.verify(body, forged)).toThrow();
    // While a secret is rotated both signatures are sent.
    const both = `${webhookSignature(other, id, seconds, body)} ${headers["webhook-signature"]}`;
    expect(() => verifier.verify(body, { ...headers, "webhook-signature": both })).not.toThrow();
  });

  it("has a secret of 256 bits that differs by page, subscriber, version and master key", () => {
    const secrets = [
      secret,
      webhookSecret(KEY, "page00000002", SUBJECT.subscriberId, 1),
      webhookSecret(KEY, SUBJECT.pageId, "subscriber02", 1),
      webhookSecret(KEY, SUBJECT.pageId, SUBJECT.subscriberId, 2),
      webhookSecret({ version: 3, key: randomBytes(32) }, SUBJECT.pageId, SUBJECT.subscriberId, 1),
    ];
    expect(new Set(secrets).size).toBe(secrets.length);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhookSecret(KEY, SUBJECT.pageId, SUBJECT.subscriberId, 1)).toBe(secret);
  });

  it("has an id that is the same on every attempt, and another for another subscriber or update", () => {
    expect(webhookId(SUBJECT.subscriberId, "update000001")).toBe(id);
    expect(webhookId(SUBJECT.subscriberId, "update000002")).not.toBe(id);
    expect(webhookId("subscriber02", "update000001")).not.toBe(id);
    expect(id).toMatch(/^msg_[A-Za-z0-9_-]{27}$/);
  });
});
