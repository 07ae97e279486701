import { encode } from "fast-png";
import { textOn } from "../brand-colour.ts";
import { ICON_COLOURS, type Tone } from "../tone.ts";

/** The files that browsers and phones ask every site for, whether a page names them or not. */
export interface PageIcons {
  /** ICO, 32 x 32: a dot in the colour of the page's state. */
  favicon: Uint8Array;
  /** PNG, 180 x 180: the icon on a phone's home screen. It stays there for years, so it shows no state. */
  touchIcon: Uint8Array;
}

const FAVICON_SIZE = 32;
const TOUCH_ICON_SIZE = 180;
const CALM = "#161b22";
const WHITE = "#ffffff";
const CLEAR = [0, 0, 0, 0] as const;

const icons = new Map<string, PageIcons>();

/** `brandColour`: `#rrggbb`, or null for our own. */
export function pageIcons(tone: Tone, brandColour: string | null): PageIcons {
  const key = `${tone} ${brandColour}`;
  const known = icons.get(key);
  if (known !== undefined) return known;
  const ground = brandColour ?? CALM;
  const made: PageIcons = {
    favicon: icoOf(disc(FAVICON_SIZE, 0.45, opaque(`#${ICON_COLOURS[tone]}`), CLEAR), FAVICON_SIZE),
    touchIcon: disc(TOUCH_ICON_SIZE, 0.26, opaque(brandColour === null ? WHITE : textOn(brandColour)), opaque(ground)),
  };
  icons.set(key, made);
  return made;
}

type Pixel = readonly [red: number, green: number, blue: number, alpha: number];

function opaque(colour: string): Pixel {
  const part = (from: number) => Number.parseInt(colour.slice(from, from + 2), 16);
  return [part(1), part(3), part(5), 255];
}

/** A PNG of a filled circle; `radius` as a share of the size. Its edge is one pixel soft. */
function disc(size: number, radius: number, inside: Pixel, outside: Pixel): Uint8Array {
  const data = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const distance = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2);
      const share = Math.min(1, Math.max(0, radius * size - distance + 0.5));
      data.set(mix(inside, outside, share), (y * size + x) * 4);
    }
  }
  return encode({ width: size, height: size, data, channels: 4 });
}

function mix(inside: Pixel, outside: Pixel, share: number): number[] {
  // A clear ground has no colour of its own to mix with.
  const [red, green, blue] = outside[3] === 0 ? inside : outside;
  const ground: Pixel = [red, green, blue, outside[3]];
  return inside.map((value, channel) => Math.round(value * share + (ground[channel] ?? 0) * (1 - share)));
}

/** An ICO file around one PNG: a directory of one entry (ICONDIR, ICONDIRENTRY), numbers in little endian. */
function icoOf(png: Uint8Array, size: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(22));
  head.setUint16(2, 1, true);
  head.setUint16(4, 1, true);
  head.setUint8(6, size);
  head.setUint8(7, size);
  head.setUint16(10, 1, true);
  head.setUint16(12, 32, true);
  head.setUint32(14, png.length, true);
  head.setUint32(18, head.byteLength, true);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...png]);
}
