import { createHmac, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SigningKey } from "../../../functions/core/signing-key.ts";
import {
  isSubscriberTokenValid,
  parseSubscriberToken,
  subscriberToken,
} from "../../../functions/core/subscriber-token.ts";
import type { TokenSubject } from "../../../functions/core/token-form.ts";

const KEY: SigningKey = { version: 3, key: randomBytes(32) };
const SUBJECT: TokenSubject = { pageId: "page00000001", channel: "email", subscriberId: "subscriber01" };

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
