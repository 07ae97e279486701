import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { type Header, readHeader, rowOf } from "./columns.ts";

export interface PeopleFile {
  path: string;
  delimiter: string;
  header: Header;
  /** SHA-256, hex, of the content. */
  hash: string;
  /** Rows below the header. */
  rows: number;
}

/** Reads the whole file once, so that nothing is sent of one that cannot be read to its end. Throws what is wrong with it. */
export async function inspectFile(path: string): Promise<PeopleFile> {
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) {
      const bytes = z.instanceof(Buffer).parse(chunk);
      hash.update(bytes);
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new Error(`${path} is not UTF-8: save it as "CSV UTF-8"`);
    throw error;
  }
  const delimiter = await delimiterOf(path);
  let header: Header | null = null;
  let rows = 0;
  for await (const { cells } of records(path, delimiter)) {
    if (header === null) header = readHeader(cells);
    else rows += 1;
  }
  if (header === null) throw new Error(`${path} is empty`);
  return { path, delimiter, header, hash: hash.digest("hex"), rows };
}

const FIRST_BYTES = 64 * 1_024;

/** Whichever the first line has most of: spreadsheets of many countries write semicolons. */
async function delimiterOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    const [line = ""] = buffer.toString("utf8", 0, bytesRead).split(/\r?\n/);
    const counted = [",", ";", "\t"].map((sign) => ({ sign, count: line.split(sign).length }));
    return counted.reduce((most, each) => (each.count > most.count ? each : most)).sign;
  } finally {
    await file.close();
  }
}

const recordSchema = z.object({ info: z.object({ lines: z.number() }), record: z.array(z.string()) });

async function* records(path: string, delimiter: string): AsyncGenerator<{ line: number; cells: string[] }> {
  const parser = parse({ delimiter, bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  // The parser's end, or its error, is what the loop sees.
  pipeline(createReadStream(path), parser, () => {});
  try {
    for await (const read of parser) {
      const { info, record } = recordSchema.parse(read);
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`${path} is not valid CSV: ${error.message}`);
    throw error;
  }
}

export interface Refusal {
  line: number;
  reason: string;
  cells: string[];
}

export interface Batch {
  /** From 0; the same rows have the same number whenever the file is read. */
  number: number;
  rows: { line: number; cells: string[]; row: Record<string, unknown> }[];
  /** Those that the API need not be asked about. */
  refused: Refusal[];
}

/** The API's limit. */
const ROWS_PER_BATCH = 500;
/** The API takes 256 KiB. */
const BYTES_PER_BATCH = 200_000;
const BYTES_PER_ROW = 50_000;

export async function* batchesOf({ path, delimiter, header }: PeopleFile): AsyncGenerator<Batch> {
  let batch: Batch = { number: 0, rows: [], refused: [] };
  let bytes = 0;
  let isHeader = true;
  for await (const { line, cells } of records(path, delimiter)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    const row = { line, ...rowOf(cells, header) };
    const size = Buffer.byteLength(JSON.stringify(row));
    if (batch.rows.length + batch.refused.length === ROWS_PER_BATCH || bytes + size > BYTES_PER_BATCH) {
      yield batch;
      batch = { number: batch.number + 1, rows: [], refused: [] };
      bytes = 0;
    }
    if (cells.length > header.titles.length) {
      batch.refused.push({ line, reason: "has more cells than the first line has columns", cells });
    } else if (size > BYTES_PER_ROW) {
      batch.refused.push({ line, reason: `is longer than ${BYTES_PER_ROW} bytes`, cells });
    } else {
      batch.rows.push({ line, cells, row });
      bytes += size;
    }
  }
  if (batch.rows.length + batch.refused.length > 0) yield batch;
}
