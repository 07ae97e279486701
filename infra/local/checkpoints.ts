import { readFile, rename, writeFile } from "node:fs/promises";
import * as z from "zod";

const SAVE_AFTER_MS = 250;

/**
 * How far each stream mapping has come, kept between starts as Lambda keeps it. After a kill the last moments are read
 * again, which every reader of a stream must tolerate anyway.
 */
export interface Checkpoints {
  get(key: string): string | null;
  set(key: string, sequenceNumber: string): void;
  close(): Promise<void>;
}

export async function openCheckpoints(path: string): Promise<Checkpoints> {
  const positions = await load(path);
  let timer: NodeJS.Timeout | null = null;
  let saving = Promise.resolve();
  const save = () => {
    timer = null;
    saving = saving.then(async () => {
      await writeFile(`${path}.new`, JSON.stringify(Object.fromEntries(positions)));
      await rename(`${path}.new`, path);
    });
    // Without its checkpoints the next start only reads the stream from the beginning.
    saving = saving.catch(() => {});
  };
  return {
    get: (key) => positions.get(key) ?? null,
    set(key, sequenceNumber) {
      positions.set(key, sequenceNumber);
      timer ??= setTimeout(save, SAVE_AFTER_MS);
    },
    async close() {
      if (timer !== null) {
        clearTimeout(timer);
        save();
      }
      await saving;
    },
  };
}

async function load(path: string): Promise<Map<string, string>> {
  try {
    const stored = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(path, "utf8")));
    return new Map(Object.entries(stored));
  } catch {
    return new Map();
  }
}
