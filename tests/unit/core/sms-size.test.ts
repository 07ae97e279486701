import fc from "fast-check";
import { SegmentedMessage } from "sms-segments-calculator";
import { describe, expect, test } from "vitest";
import { smsSize } from "../../../functions/core/sms-size.ts";

describe("the size of an SMS", () => {
  test.each([
    ["GSM-7", "a".repeat(160), 160, 1, 0],
    ["GSM-7", "a".repeat(161), 161, 2, 145],
    ["GSM-7", "€".repeat(80), 160, 1, 0],
    ["GSM-7", "a".repeat(306), 306, 2, 0],
    ["GSM-7", "a".repeat(307), 307, 3, 152],
    // 153 septets would end between the two of a euro sign.
    ["GSM-7", `${"a".repeat(152)}€${"a".repeat(152)}`, 306, 3, 152],
    ["UCS-2", "ы".repeat(70), 70, 1, 0],
    ["UCS-2", "ы".repeat(71), 71, 2, 63],
    ["UCS-2", "ы".repeat(134), 134, 2, 0],
    ["UCS-2", "ы".repeat(135), 135, 3, 66],
    ["UCS-2", "🚨".repeat(35), 70, 1, 0],
    // 67 units would end between the two of a pair.
    ["UCS-2", "🚨".repeat(67), 134, 3, 65],
    ["UCS-2", `${"a".repeat(69)}ы`, 70, 1, 0],
    ["GSM-7", "", 0, 1, 160],
  ])("in %s", (encoding, text, units, segments, left) => {
    expect(smsSize(text)).toEqual({ encoding, units, segments, left });
  });

  test("is what Twilio's calculator says", () => {
    const character = fc.constantFrom(..."aZ9 @£ÄñΔ€{}[]~^|\\\n", "ы", "日", "🚨", "é", "à");
    fc.assert(
      fc.property(fc.array(character, { minLength: 1, maxLength: 400 }), fc.boolean(), (characters, isPlain) => {
        const text = characters.filter((one) => !isPlain || !/[ы日🚨]/u.test(one)).join("") || "a";
        const { encoding, segments } = smsSize(text);
        const theirs = new SegmentedMessage(text);
        expect([encoding, segments]).toEqual([theirs.encodingName, theirs.segmentsCount]);
      }),
      { numRuns: 300 },
    );
  });
});
