import * as z from "zod/mini";

/** The languages that every text for readers exists in. */
export const localeSchema = z.enum(["en", "de"]);
export type Locale = z.infer<typeof localeSchema>;
export const LOCALES: readonly Locale[] = localeSchema.options;
