import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { type Header, readHeader, rowOf } from "./columns.ts";
import { charsetOf, checkedHash, decoded, type FileText, firstText } from "./file-text.ts";

export interface PeopleFile {
  text: FileText;
  /** The delimiter of files made after this one: its own, if it can be found without a declaration. */
  delimiter: string;
  header: Header;
  /** SHA-256, hex, of the content. */
  hash: string;
  /** Rows below the header. */
  rows: number;
}

/**
 * Reads the whole file once, so that nothing is sent from a file that cannot be read to its end. Throws what is wrong
 * with it.
 */
export async function inspectFile(path: string, charset: string | null): Promise<PeopleFile> {
  const text: FileText = { path, charset: await charsetOf(path, charset) };
  const hash = await checkedHash(text);
  const delimiter = await delimiterOf(text);
  let header: Header | null = null;
  let rows = 0;
  for await (const { cells } of records(text, delimiter)) {
    if (header === null) header = readHeader(cells);
    else rows += 1;
  }
  if (header === null) throw new Error(`${path} is empty`);
  const sign = USUAL_DELIMITERS.includes(delimiter.sign) ? delimiter.sign : ",";
  return { text, delimiter: sign, header, hash, rows };
}

interface Delimiter {
  sign: string;
  /** Whether Excel's `sep=;` in the first line declares it. */
  isSaid: boolean;
}

const USUAL_DELIMITERS: readonly string[] = [",", ";", "\t"];

/**
 * The delimiter that the file declares, or else the one that its header has most of outside quotation marks:
 * spreadsheets of many countries write semicolons.
 */
async function delimiterOf(text: FileText): Promise<Delimiter> {
  const lines = (await firstText(text)).split(/\r\n?|\n/);
  const said = /^"?sep=(.)"?$/i.exec(lines[0] ?? "")?.[1];
  if (said !== undefined) return { sign: said, isSaid: true };
  const header = (lines.find((line) => line.trim() !== "") ?? "").replace(/"[^"]*"/g, "");
  const counted = USUAL_DELIMITERS.map((sign) => ({ sign, count: header.split(sign).length }));
  return { sign: counted.reduce((most, each) => (each.count > most.count ? each : most)).sign, isSaid: false };
}

const recordSchema = z.object({ info: z.object({ lines: z.number() }), record: z.array(z.string()) });

async function* records(
  text: FileText,
  { sign, isSaid }: Delimiter,
): AsyncGenerator<{ line: number; cells: string[] }> {
  const parser = parse({
    delimiter: sign,
    record_delimiter: ["\r\n", "\n", "\r"],
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // Spreadsheets write emptied rows as nothing but separators.
    skip_records_with_empty_values: true,
    from_line: isSaid ? 2 : 1,
  });
  // The loop sees the parser's end, or its error.
  pipeline(Readable.from(decoded(text)), parser, () => {});
  try {
    for await (const read of parser) {
      const { info, record } = recordSchema.parse(read);
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    if (error instanceof CsvError) throw new Error(`${text.path} is not valid CSV: ${error.message}`);
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
  /** Rows for which the API is not needed. */
  refused: Refusal[];
}

/** The API's limit. */
const ROWS_PER_BATCH = 500;
/** The API takes 256 KiB. */
const BYTES_PER_BATCH = 200_000;
const BYTES_PER_ROW = 50_000;

export async function* batchesOf({ text, header }: PeopleFile): AsyncGenerator<Batch> {
  let batch: Batch = { number: 0, rows: [], refused: [] };
  let bytes = 0;
  let isHeader = true;
  for await (const { line, cells } of records(text, await delimiterOf(text))) {
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
    const lost = columnWithLoss(row);
    if (cells.length > header.titles.length) {
      batch.refused.push({ line, reason: "has more cells than the first line has columns", cells });
    } else if (size > BYTES_PER_ROW) {
      batch.refused.push({ line, reason: `is longer than ${BYTES_PER_ROW} bytes`, cells });
    } else if (lost !== null) {
      batch.refused.push({ line, reason: `${lost} has a character that was lost before (U+FFFD)`, cells });
    } else {
      batch.rows.push({ line, cells, row });
      bytes += size;
    }
  }
  if (batch.rows.length + batch.refused.length > 0) yield batch;
}

/**
 * The column with the character that some program wrote for one that it could not read; the API would refuse the whole
 * batch.
 */
function columnWithLoss(row: Record<string, unknown>): string | null {
  return Object.keys(row).find((column) => JSON.stringify(row[column]).includes("\ufffd")) ?? null;
}
