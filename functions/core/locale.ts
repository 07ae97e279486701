import * as z from "zod/mini";

/** The languages in which every text for readers exists. */
export const localeSchema = z.enum(["en", "de"]);
export type Locale = z.infer<typeof localeSchema>;
export const LOCALES: readonly Locale[] = localeSchema.options;

/**
 * The locale for a language as systems and people write it: `DE`, `de-AT`, `de_DE.UTF-8`. Null if there are no texts in
 * it.
 */
export function localeOf(tag: string): Locale | null {
  const [language] = tag
    .trim()
    .toLowerCase()
    .split(/[-_.@]/, 1);
  return LOCALES.find((each) => each === language) ?? null;
}
