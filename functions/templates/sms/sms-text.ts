import { SEGMENT_UNITS, type SmsEncoding, smsSize, smsUnits } from "../../core/sms-size.ts";
import { withoutEnd } from "../../core/without-end.ts";
import { textPieces, wholeUntil } from "../addresses.ts";
import { toGsm } from "./gsm7.ts";

/** How many segments a text may take: each is paid for. In UCS-2 a link alone takes most of one. */
const MOST_SEGMENTS: Record<SmsEncoding, number> = { "GSM-7": 1, "UCS-2": 2 };
const DOTS: Record<SmsEncoding, string> = { "GSM-7": "...", "UCS-2": "…" };

/**
 * One line for an SMS: `told`, cut at a word if need be, and the whole link at its end, with nothing after it. In GSM
 * characters it is one segment, if each character has a likeness there; else all of it is UCS-2 as it is, in two
 * segments.
 */
export function smsText(told: string, link: string | null): string {
  const address = link === null ? "" : inAscii(new URL(link).href);
  const line = textPieces(told)
    .map(({ kind, text }) => (kind === "address" ? inAscii(text.replace(/^<|>$/g, "")) : text))
    .join("");
  const gsm = toGsm(line);
  return gsm === null ? fitted(asItIs(line), address, "UCS-2") : fitted(gsm, address, "GSM-7");
}

/**
 * No character of an address may become another one. Percent-encoded it is the same address. The backtick is the one
 * ASCII character that GSM lacks.
 */
function inAscii(address: string): string {
  return (/^[!-~]+$/.test(address) ? address : new URL(address).href).replaceAll("`", "%60");
}

function asItIs(line: string): string {
  return line
    .toWellFormed()
    .normalize("NFC")
    .replace(/[\p{Zs}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/[\p{Cc}\u00AD\u200B\uFEFF]/gu, "")
    .trim();
}

function fitted(told: string, address: string, encoding: SmsEncoding): string {
  const most = MOST_SEGMENTS[encoding];
  const { alone, joined } = SEGMENT_UNITS[encoding];
  const whole = withAddress(told, address);
  if (smsSize(whole).segments <= most) return whole;
  // The end of a segment may have to move to the next one. Then there is a little less room.
  for (let room = most === 1 ? alone : joined * most; room > 0; room -= 1) {
    const rest = room - smsUnits(withAddress("", address), encoding) - SEPARATOR_UNITS;
    const text = withAddress(cutToUnits(told, rest, encoding), address);
    if (smsSize(text).segments <= most || rest <= 0) return text;
  }
  return address;
}

const SEPARATOR_UNITS = ". ".length;

function withAddress(told: string, address: string): string {
  if (told === "" || address === "") return told + address;
  // Phones take anything directly after an address for a part of it.
  const ends = /[.!?…:。！？]$/.test(told) || textPieces(told).at(-1)?.kind === "address";
  return `${told}${ends ? "" : "."} ${address}`;
}

/**
 * Cuts at a word so that at most `limit` units remain. Dots show what was cut. Nothing is left if not even a word fits.
 */
export function cutToUnits(text: string, limit: number, encoding: SmsEncoding): string {
  if (smsUnits(text, encoding) <= limit) return text;
  const dots = DOTS[encoding];
  let units = dots.length;
  let end = 0;
  for (const character of text) {
    units += smsUnits(character, encoding);
    if (units > limit) break;
    end += character.length;
  }
  const lastSpace = text.slice(0, end).lastIndexOf(" ");
  const atWord = text[end] === " " || lastSpace < end / 2 ? end : lastSpace;
  const kept = withoutEnd(text.slice(0, wholeUntil(text, atWord)), /[\s,:;-]$/);
  return kept === "" ? "" : `${kept}${dots}`;
}
