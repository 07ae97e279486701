import { withoutEnd } from "../core/without-end.ts";
import { wholeUntil } from "./addresses.ts";

/**
 * Cuts at a word so that at most `limit` characters remain, including the ellipsis. It leaves no half of an address.
 */
export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const room = limit - 1;
  const cut = text.slice(0, room + 1);
  const space = withoutEnd(cut, /\S$/).length - 1;
  const end = space > room / 2 ? space : room;
  return `${text.slice(0, wholeUntil(text, end)).trimEnd()}…`;
}
