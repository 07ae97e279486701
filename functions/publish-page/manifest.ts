import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { SiteFile } from "../providers/site.ts";

/** Kept beside the files: which there are, so that a publication writes what changed and removes what is gone. */
export const MANIFEST_PATH = "manifest.json";

export const manifestSchema = z.object({
  /** The page's version that the files tell. */
  version: z.number(),
  /** SHA-256 of all that old incidents' files are made from besides the incidents themselves. */
  setting: z.string(),
  /** Digest of each file by path; `PENDING` where a publication that was cut short may or may not have written it. */
  files: z.record(z.string(), z.string()),
  /** The version of each incident whose files are up to date. */
  incidents: z.record(z.string(), z.number()),
  /** When there was last news of each incident, as of that version. Absent from old ones. */
  news: z._default(z.record(z.string(), z.number()), {}),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const PENDING = "pending";
const EMPTY_MANIFEST: Manifest = { version: 0, setting: "", files: {}, incidents: {}, news: {} };

/** A manifest that cannot be read is as good as none: everything is written anew. */
export function parseManifest(text: string | null): Manifest {
  if (text === null) return EMPTY_MANIFEST;
  try {
    const parsed = manifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : EMPTY_MANIFEST;
  } catch {
    return EMPTY_MANIFEST;
  }
}

/** The first 128 bits of SHA-256 over all that is stored of a file: years of history make thousands of them. */
export function fileHash({ body, contentType, cacheControl }: SiteFile): string {
  const hash = createHash("sha256").update(`${contentType}\n${cacheControl}\n`).update(body);
  return hash.digest("hex").slice(0, 32);
}
