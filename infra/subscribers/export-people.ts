import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { stringify } from "csv-stringify/sync";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import { COLUMNS, cellOf } from "./columns.ts";
import { progressLine, type Screen } from "./progress-line.ts";

const answerSchema = z.object({
  subscribers: z.array(z.record(z.string(), z.unknown())),
  next_cursor: z.string().nullable(),
});

/**
 * Exports everybody, page after page; unconfirmed subscribers only on request. The file appears when it is complete;
 * one that is there already stays as it is. Returns the number of rows.
 */
export async function exportPeople(
  { file: path, unconfirmed }: { file: string; unconfirmed: boolean },
  api: ApiClient,
  screen: Screen,
): Promise<number> {
  // The file comes first, so that nothing is read for a file that cannot be written. Only its owner may read it.
  const taken = await open(path, "wx", 0o600);
  await taken.close();
  const part = `${path}.part`;
  try {
    const file = await open(part, "w", 0o600);
    let rows: number;
    try {
      rows = await writeAll(file, unconfirmed, api, screen);
    } finally {
      await file.close();
    }
    await rename(part, path);
    return rows;
  } catch (error) {
    await rm(part, { force: true });
    await rm(path, { force: true });
    throw error;
  }
}

async function writeAll(file: FileHandle, unconfirmed: boolean, api: ApiClient, screen: Screen): Promise<number> {
  const line = progressLine(screen, null);
  await file.write(stringify([[...COLUMNS]]));
  let rows = 0;
  try {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = new URLSearchParams({ unconfirmed: String(unconfirmed), ...(cursor === "" ? {} : { cursor }) });
      const path: string = `/subscribers/export?${query}`;
      const page: z.infer<typeof answerSchema> = await api.call({ method: "GET", path }, answerSchema);
      await file.write(stringify(page.subscribers.map((row) => COLUMNS.map((column) => cellOf(column, row[column])))));
      rows += page.subscribers.length;
      line.show(rows);
      cursor = page.next_cursor;
    }
  } finally {
    line.end();
  }
  return rows;
}
