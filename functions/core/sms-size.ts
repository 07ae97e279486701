/**
 * GSM 03.38 (3GPP TS 23.038, 6.2.1): the default alphabet, one septet each, and its extension table, two (an escape, and
 * the character). A text of these alone is sent as septets; one character outside makes all of it UCS-2, and dearer. SNS
 * chooses as we do, by what is in the text
 * (https://docs.aws.amazon.com/sms-voice/latest/userguide/sms-limitations-character.html).
 */
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";

const SEPTETS = new Map<string, number>([
  ...[...BASIC].map((character): [string, number] => [character, 1]),
  ...[...EXTENSION].map((character): [string, number] => [character, 2]),
]);

export type SmsEncoding = "GSM-7" | "UCS-2";

/** Septets, or UTF-16 units, of an SMS that stands alone, and of each of several: the rest joins them (3GPP TS 23.040, 9.2.3.24.1). */
export const SEGMENT_UNITS: Record<SmsEncoding, { alone: number; joined: number }> = {
  "GSM-7": { alone: 160, joined: 153 },
  "UCS-2": { alone: 70, joined: 67 },
};

export interface SmsSize {
  encoding: SmsEncoding;
  /** Septets, or UTF-16 units. */
  units: number;
  /** As how many SMS the text is sent and paid for. */
  segments: number;
  /** Units that are left in the last of them. */
  left: number;
}

/** An extension character's two septets stay in one segment, and so do the two halves of a surrogate pair. */
export function smsSize(text: string): SmsSize {
  const encoding = isGsm(text) ? "GSM-7" : "UCS-2";
  const { alone, joined } = SEGMENT_UNITS[encoding];
  const units = smsUnits(text, encoding);
  if (units <= alone) return { encoding, units, segments: 1, left: alone - units };
  let [segments, filled] = [1, 0];
  for (const character of text) {
    const width = smsUnits(character, encoding);
    if (filled + width > joined) [segments, filled] = [segments + 1, 0];
    filled += width;
  }
  return { encoding, units, segments, left: joined - filled };
}

/** Septets or UTF-16 units of a text that is sent so. */
export function smsUnits(text: string, encoding: SmsEncoding): number {
  if (encoding === "UCS-2") return text.length;
  let septets = 0;
  for (const character of text) septets += SEPTETS.get(character) ?? 1;
  return septets;
}

export function isGsm(text: string): boolean {
  return [...text].every((character) => SEPTETS.has(character));
}
