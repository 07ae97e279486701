/**
 * A text without what `unit` matches at its end, over and over. An expression such as `/\.+$/` does the same in
 * quadratic time: in a long run that is not at the end, it is tried from every place. `unit` ends in `$` and matches at
 * least one character and at most `longest`.
 */
export function withoutEnd(text: string, unit: RegExp, longest = 1): string {
  for (let end = text.length; ; ) {
    const [found = ""] = unit.exec(text.slice(Math.max(0, end - longest), end)) ?? [];
    if (found === "") return text.slice(0, end);
    end -= found.length;
  }
}
