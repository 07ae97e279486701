import { createHmac, randomBytes } from "node:crypto";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { sameDigest } from "../../../functions/core/ids.ts";
import { isLinkValid, linkToken, parseLinkToken } from "../../../functions/core/link-token.ts";
import type { SigningKey } from "../../../functions/core/signing-key.ts";
import {
  isSubscriberTokenValid,
  parseSubscriberToken,
  subscriberToken,
} from "../../../functions/core/subscriber-token.ts";
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

describe("subscriber token", () => {
  const token = subscriberToken(KEY, "unsubscribe", SUBJECT);

  it.each(["email", "sms", "webhook"] as const)(
    "names its subscriber (%s), in characters that need no escaping",
    (channel) => {
      const subject = { ...SUBJECT, channel };
      const made = subscriberToken(KEY, "unsubscribe", subject);
      expect(encodeURIComponent(made)).toBe(made);
      expect(parseSubscriberToken(made)).toEqual({ ...subject, keyVersion: 3 });
      expect(isSubscriberTokenValid(KEY, "unsubscribe", made)).toBe(true);
    },
  );

  it("is refused when any one of its characters is another", () => {
    for (const [index, character] of [...token].entries()) {
      for (const other of ["a", "b", "e", "s", "w", "0", "3", "A", "Q", "g", "-", "_", "."]) {
        if (other === character) continue;
        const tampered = `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
        expect(isSubscriberTokenValid(KEY, "unsubscribe", tampered), tampered).toBe(false);
      }
    }
  });

  it("has one spelling only, though base64 leaves bits over", () => {
    const last = token.slice(-1);
    const spellings = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].filter((other) =>
      isSubscriberTokenValid(KEY, "unsubscribe", `${token.slice(0, -1)}${other}`),
    );
    expect(spellings).toEqual([last]);
  });

  it("is refused under another key, also one of the same version, and under another version of the same key", () => {
    expect(isSubscriberTokenValid({ ...KEY, key: randomBytes(32) }, "unsubscribe", token)).toBe(false);
    expect(isSubscriberTokenValid({ ...KEY, version: 4 }, "unsubscribe", token)).toBe(false);
  });

  it("is refused when it was made for another purpose", () => {
    const head = token.slice(0, token.lastIndexOf("."));
    const mac = createHmac("sha256", KEY.key).update(`manage|${head}`).digest().subarray(0, 16).toString("base64url");
    expect(isSubscriberTokenValid(KEY, "unsubscribe", `${head}.${mac}`)).toBe(false);
  });

  it.each(["", "3", "3.x", "........", `${token} `, `${token}\n`, token.toUpperCase(), token.slice(0, -1)])(
    "has no other form (%j)",
    (text) => {
      expect(parseSubscriberToken(text)).toBeNull();
      expect(isSubscriberTokenValid(KEY, "unsubscribe", text)).toBe(false);
    },
  );
});

describe("sameDigest", () => {
  it("compares digests, and refuses what is none", () => {
    expect(sameDigest("00ff", "00ff")).toBe(true);
    expect(sameDigest("00FF", "00ff")).toBe(true);
    expect(sameDigest("00ff", "00fe")).toBe(false);
    expect(sameDigest("00ff", "00")).toBe(false);
    expect(sameDigest("", "")).toBe(false);
    expect(sameDigest("zz", "zz")).toBe(false);
  });
});

describe("link tokens", () => {
  const key = { version: 3, key: new Uint8Array(32).fill(7) };
  const subject = { pageId: "page00000000", channel: "webhook", subscriberId: "subscriber00" } as const;
  const END = Date.UTC(2026, 0, 8);
  const token = linkToken(key, "manage", subject, END, "a@example.com");
  const valid = (text: string, changes: { purpose?: "manage" | "resubscribe"; bound?: string; now?: number } = {}) =>
    isLinkValid(key, changes.purpose ?? "manage", text, changes.bound ?? "a@example.com", changes.now ?? END - 1);

  it("say whom they are for and until when", () => {
    expect(parseLinkToken(token)).toEqual({ ...subject, keyVersion: 3, endsAt: END });
    expect(token).toMatch(/^[A-Za-z0-9._-]{1,70}$/);
  });

  it("work for their purpose, what they are bound to, and their time alone", () => {
    expect(valid(token)).toBe(true);
    expect(valid(token, { purpose: "resubscribe" })).toBe(false);
    expect(valid(token, { bound: "b@example.com" })).toBe(false);
    expect(valid(token, { now: END })).toBe(false);
    expect(isLinkValid({ ...key, version: 4 }, "manage", token, "a@example.com", 0)).toBe(false);
  });

  it("cannot be changed in any place", () => {
    for (let index = 0; index < token.length; index += 1) {
      const changed = `${token.slice(0, index)}${token[index] === "a" ? "b" : "a"}${token.slice(index + 1)}`;
      expect(valid(changed), changed).toBe(false);
    }
    expect(parseLinkToken("x")).toBeNull();
    expect(parseLinkToken(subscriberToken(key, "unsubscribe", subject))).toBeNull();
  });
});
