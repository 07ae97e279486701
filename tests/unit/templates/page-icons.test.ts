import { decode } from "fast-png";
import { expect, test } from "vitest";
import { pageIcons } from "../../../functions/templates/page/page-icons.ts";

function pixel(png: Uint8Array, x: number, y: number): number[] {
  const { data, width } = decode(png);
  return [...data.slice((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

test("the favicon is an ICO of one PNG, a dot in the colour of the page's state", () => {
  const { favicon } = pageIcons("critical", null);
  const head = new DataView(favicon.buffer, favicon.byteOffset);
  expect([head.getUint16(0, true), head.getUint16(2, true), head.getUint16(4, true)]).toEqual([0, 1, 1]);
  expect([favicon[6], favicon[7]]).toEqual([32, 32]);
  const start = head.getUint32(18, true);
  expect(favicon.length).toBe(start + head.getUint32(14, true));
  const png = favicon.slice(start);
  expect(decode(png)).toMatchObject({ width: 32, height: 32 });
  expect(pixel(png, 16, 16)).toEqual([0xc2, 0x22, 0x31, 255]);
  expect(pixel(png, 0, 0)[3]).toBe(0);
});

test("the phone's icon has the page's own colour, whatever the state", () => {
  const [calm, bad] = [pageIcons("ok", "#f6bd3a"), pageIcons("critical", "#f6bd3a")];
  expect(calm.touchIcon).toEqual(bad.touchIcon);
  expect(decode(calm.touchIcon)).toMatchObject({ width: 180, height: 180 });
  expect(pixel(calm.touchIcon, 0, 0)).toEqual([0xf6, 0xbd, 0x3a, 255]);
  expect(pixel(calm.touchIcon, 90, 90)).toEqual([0, 0, 0, 255]);
});
