import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hashPosition, idSchema, newId, sameDigest, scaleToAll, sha256Hex } from "../../../functions/core/ids.ts";

describe("newId", () => {
  it("has Statuspage's form", () => {
    for (let run = 0; run < 200; run += 1) expect(idSchema.parse(newId(randomBytes))).toHaveLength(12);
  });

  it("draws again instead of favouring the first characters of the alphabet", () => {
    // Bytes of 252 and more would fold onto a, b, c and d a second time.
    const draws = [Uint8Array.from({ length: 24 }, () => 255), Uint8Array.from({ length: 24 }, (_, index) => index)];
    expect(newId(() => draws.shift() ?? new Uint8Array(24))).toBe("abcdefghijkl");
    expect(draws).toHaveLength(0);
  });

  it("uses every character about equally often", () => {
    const counts = new Map<string, number>();
    for (let run = 0; run < 6_000; run += 1) {
      for (const character of newId(randomBytes)) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect(counts.size).toBe(36);
    // 2,000 each are expected; seven standard deviations are 309.
    for (const count of counts.values()) expect(Math.abs(count - 2_000)).toBeLessThan(310);
  });
});

describe("idSchema", () => {
  it.each(["", "short", "UPPERCASE000", "abcdefghijk-", "abcdefghijklm", "abcdefghijkl\n", "äbcdefghijkl"])(
    "refuses %j",
    (text) => {
      expect(idSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe("hashPosition", () => {
  it("is the beginning of the id's SHA-256", () => {
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(hashPosition("abc")).toBe("ba7816bf");
  });

  it("spreads ids that are alike", () => {
    const sixteenths = new Map<string, number>();
    for (let number = 0; number < 16_000; number += 1) {
      const first = hashPosition(`imported${String(number).padStart(4, "0")}`).slice(0, 1);
      sixteenths.set(first, (sixteenths.get(first) ?? 0) + 1);
    }
    expect(sixteenths.size).toBe(16);
    for (const count of sixteenths.values()) expect(Math.abs(count - 1_000)).toBeLessThan(220);
  });
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

it("scales a count by how far it reached", () => {
  expect(scaleToAll(3_000, "80000000#abcdefghijkl")).toBe(6_000);
  expect(scaleToAll(3_000, "ffffffff")).toBe(3_000);
  expect(scaleToAll(50, "00ffffff")).toBe(12_800);
});
