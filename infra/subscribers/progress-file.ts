import { randomUUID } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";

const progressSchema = z.object({
  /** Identifies this import, from its beginning to its end: the same file imported again is another one. */
  run: z.string(),
  /** Hash of the file's content. */
  hash: z.string(),
  /** Hash of everything else in the requests. */
  request: z.string(),
  /** Batches that are done. */
  batches: z.number(),
  created: z.number(),
  exists: z.number(),
  refused: z.number(),
  /** Created ones whose confirmation was not sent. */
  notSent: z.number(),
  /** Length of the report of refused rows after the last batch: a run that died wrote what is beyond it. */
  reportBytes: z.number(),
});
export type Progress = z.infer<typeof progressSchema>;

function progressPath(file: string): string {
  return `${file}.progress`;
}

/** Where an earlier run stopped; a fresh start if there was none. Throws when that was another import. */
export async function readProgress(file: string, hash: string, request: string): Promise<Progress> {
  const path = progressPath(file);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (!isMissing(error)) throw error;
    const none = { batches: 0, created: 0, exists: 0, refused: 0, notSent: 0, reportBytes: 0 };
    return { run: randomUUID(), hash, request, ...none };
  }
  const progress = progressSchema.parse(JSON.parse(text));
  if (progress.hash !== hash) {
    throw new Error(`${file} has changed since its import began: delete ${path} to import it from the beginning`);
  }
  if (progress.request !== request) {
    throw new Error(
      `the import of ${file} was begun with other options or for another page: use those, or delete ${path} to begin anew`,
    );
  }
  return progress;
}

/** Writes the file whole or not at all, whenever the machine stops. */
export async function saveProgress(file: string, progress: Progress): Promise<void> {
  const path = progressPath(file);
  await writeFile(`${path}.new`, JSON.stringify(progress));
  await rename(`${path}.new`, path);
}

export async function removeProgress(file: string): Promise<void> {
  await rm(progressPath(file), { force: true });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
