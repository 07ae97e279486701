import { cutAtWord } from "./cut-at-word.ts";

/**
 * The start of a text that costs at most `limit`: whole lines if they fill more than half of what fits, else whole
 * words, with an ellipsis at the end. `costOf` must not fall as a text grows.
 */
export function cutToCost(text: string, limit: number, costOf: (text: string) => number): string {
  if (costOf(text) <= limit) return text;
  let [fits, tooLong] = [0, text.length];
  while (tooLong - fits > 1) {
    const length = Math.floor((fits + tooLong) / 2);
    if (costOf(cutAtWord(text, length)) <= limit) fits = length;
    else tooLong = length;
  }
  if (fits === 0) return "";
  const cut = cutAtWord(text, fits);
  const line = cut.lastIndexOf("\n");
  return line > cut.length / 2 ? `${cut.slice(0, line).trimEnd()}\n…` : cut;
}
