import { describe, expect, it } from "vitest";
import { isLinkValid, linkToken, parseLinkToken } from "../../../functions/core/link-token.ts";
import { subscriberToken } from "../../../functions/core/subscriber-token.ts";

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
