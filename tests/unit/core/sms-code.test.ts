import { expect, test } from "vitest";
import { newSmsCode, smsCodeMac } from "../../../functions/core/sms-code.ts";

test("a code has six digits, whatever the number drawn", () => {
  const draws = [Uint8Array.of(0xff, 0xff, 0xff, 0xff), Uint8Array.of(0, 0, 0, 7)];
  // The first lies above the last whole million, where some codes would be likelier.
  expect(newSmsCode(() => draws.shift() ?? new Uint8Array(4))).toBe("000007");
});

test("what is stored is bound to key, page, subscriber, code and form", () => {
  const key = { version: 1, key: new Uint8Array(32) };
  const macs = [
    smsCodeMac(key, "page", "one", "000007", "form"),
    smsCodeMac(key, "page", "one", "000008", "form"),
    smsCodeMac(key, "page", "two", "000007", "form"),
    smsCodeMac(key, "other", "one", "000007", "form"),
    smsCodeMac({ version: 1, key: new Uint8Array(32).fill(1) }, "page", "one", "000007", "form"),
  ];
  macs.push(smsCodeMac(key, "page", "one", "000007", "another form"));
  expect(new Set(macs).size).toBe(macs.length);
});
