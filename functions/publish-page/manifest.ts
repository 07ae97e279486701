import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { SiteFile } from "../providers/site.ts";

/** Stored beside the files. It lists them, so that a publication writes what changed and removes what is gone. */
export const MANIFEST_PATH = "manifest.json";

export const manifestSchema = z.object({
  /** The page's version that the files show. */
  version: z.number(),
  /** SHA-256 of everything that old incidents' files are made from besides the incidents themselves. */
  setting: z.string(),
  /** Digest of each file by path; `PENDING` if a publication that was cut short may or may not have written it. */
  files: z.record(z.string(), z.string()),
  /** The version of each incident whose files are up to date. */
  incidents: z.record(z.string(), z.number()),
  /** When there was last news of each incident, as of that version. Old manifests lack it. */
  news: z._default(z.record(z.string(), z.number()), {}),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const PENDING = "pending";
const EMPTY_MANIFEST: Manifest = { version: 0, setting: "", files: {}, incidents: {}, news: {} };

/** A manifest that cannot be read counts as none: everything is written again. */
export function parseManifest(text: string | null): Manifest {
  if (text === null) return EMPTY_MANIFEST;
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : EMPTY_MANIFEST;
  } catch {
    return EMPTY_MANIFEST;
  }
}

/** The first 128 bits of SHA-256 over everything stored of a file: years of history make thousands of them. */
export function fileHash({ body, contentType, cacheControl }: SiteFile): string {
  const hash = createHash("sha256").update(`${contentType}\n${cacheControl}\n`).update(body);
  return hash.digest("hex").slice(0, 32);
}
