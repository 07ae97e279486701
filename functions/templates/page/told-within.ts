import type { Update } from "../../core/incident.ts";
import { markdownExcess, markdownToHtml } from "../markdown.ts";

export interface ToldUpdate {
  update: Update;
  html: string;
  /** The whole body is there. */
  isWhole: boolean;
}

/** Bytes around an update's text, at least. */
const FRAME_BYTES = 300;

/**
 * As many of the newest updates as fit into the bytes of HTML, at least one. Of one that is too long by itself, only
 * its start. What is left over is not even parsed: somebody posts it once, and every publication would pay for it.
 */
export function toldWithin(newestFirst: readonly Update[], bytes: number): { told: ToldUpdate[]; left: number } {
  const told: ToldUpdate[] = [];
  let room = bytes;
  for (const update of newestFirst) {
    if (told.length > 0 && update.body.length + FRAME_BYTES > room) break;
    const next = toldAlone(update, bytes);
    room -= Buffer.byteLength(next.html) + FRAME_BYTES;
    if (told.length > 0 && room < 0) break;
    told.push(next);
  }
  return { told, left: newestFirst.length - told.length };
}

/** A character becomes about five bytes at most, unless the text is a bomb. */
const BYTES_PER_CHARACTER = 5;

/** One update, or its start if it does not fit. */
export function toldAlone(update: Update, bytes: number): ToldUpdate {
  const html = markdownToHtml(update.body);
  if (Buffer.byteLength(html) <= bytes) return { update, html, isWhole: markdownExcess(update.body) === null };
  return { update, html: markdownToHtml(update.body, Math.floor(bytes / BYTES_PER_CHARACTER)), isWhole: false };
}
