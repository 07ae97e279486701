import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { stringify } from "csv-stringify/sync";
import { z } from "zod";
import type { ApiClient } from "./api-client.ts";
import { fromCell, toCell } from "./columns.ts";
import { type Batch, batchesOf, inspectFile, type PeopleFile, type Refusal } from "./people-file.ts";
import { type Progress, readProgress, removeProgress, saveProgress } from "./progress-file.ts";
import { number, progressLine, type Screen } from "./progress-line.ts";

export interface ImportOptions {
  file: string;
  confirmed: boolean;
  confirmations: boolean;
  /** Null: as the file says, or UTF-8. */
  charset: string | null;
  /** The API's address: an interrupted import goes on only at the same address and page. */
  target: string;
}

export interface ImportSummary {
  created: number;
  exists: number;
  refused: number;
  /** Created subscribers whose confirmation could not be queued. */
  notSent: number;
  /** Null if nothing was refused. */
  report: string | null;
}

const answerSchema = z.object({
  created: z.number(),
  exists: z.number(),
  confirmations_not_sent: z.number(),
  rows: z.array(
    z.discriminatedUnion("outcome", [
      z.object({ outcome: z.literal("exists"), line: z.number() }),
      z.object({ outcome: z.literal("created"), line: z.number(), left_out: z.string().optional() }),
      z.object({ outcome: z.literal("refused"), line: z.number(), field: z.string().nullable(), problem: z.string() }),
    ]),
  ),
});

/**
 * Sends batch by batch, each under a key of its own: what is sent twice is done once. Throws if it cannot go on;
 * started again, it goes on.
 */
export async function importPeople(options: ImportOptions, api: ApiClient, screen: Screen): Promise<ImportSummary> {
  const people = await inspectFile(options.file, options.charset);
  const { confirmed, confirmations, target } = options;
  const request = sha256([target, api.page, confirmed, confirmations, options.charset ?? ""].join("|"));
  const progress = await readProgress(options.file, people.hash, request);
  const { unused } = people.header;
  const already = progress.created + progress.exists + progress.refused;
  const line = progressLine(screen, people.rows, already);
  if (unused.length > 0) line.say(`Columns that are not used: ${unused.join(", ")}`);
  if (progress.batches > 0) line.say(`Going on after ${number(already)} rows of an earlier run.`);

  // Saved before the first batch: a run that dies within it goes on under the same keys.
  await saveProgress(options.file, progress);
  const report = await openReport(people, progress.reportBytes);
  try {
    for await (const batch of batchesOf(people)) {
      if (batch.number < progress.batches) continue;
      const idempotencyKey = sha256([progress.run, people.hash, request, batch.number].join("|"));
      const say = (text: string) => line.say(text);
      const refused = await sendBatch(batch, { confirmed, confirmations, idempotencyKey, say }, api, progress);
      progress.reportBytes += await appendTo(report, refused, people, progress.reportBytes);
      progress.batches = batch.number + 1;
      await saveProgress(options.file, progress);
      line.show(progress.created + progress.exists + progress.refused);
    }
  } finally {
    line.end();
    await report.close();
  }
  const { created, exists, refused, notSent } = progress;
  if (refused === 0) await rm(reportPath(people), { force: true });
  await removeProgress(options.file);
  return { created, exists, refused, notSent, report: refused > 0 ? reportPath(people) : null };
}

interface BatchOptions {
  confirmed: boolean;
  confirmations: boolean;
  idempotencyKey: string;
  /** Shows the operator a line. */
  say: (text: string) => void;
}

async function sendBatch(
  batch: Batch,
  { confirmed, confirmations, idempotencyKey, say }: BatchOptions,
  api: ApiClient,
  progress: Progress,
): Promise<Refusal[]> {
  const refused = [...batch.refused];
  if (batch.rows.length > 0) {
    const body = { subscribers: batch.rows.map(({ row }) => row), confirmed, send_confirmations: confirmations };
    const call = { method: "POST", path: "/subscribers/import", body, idempotencyKey } as const;
    const answer = await api.call(call, answerSchema);
    progress.created += answer.created;
    progress.exists += answer.exists;
    progress.notSent += answer.confirmations_not_sent;
    const cells = new Map(batch.rows.map((row) => [row.line, row.cells]));
    for (const row of answer.rows) {
      if (row.outcome === "created" && row.left_out !== undefined)
        say(`Line ${row.line} is imported, but ${row.left_out}`);
      if (row.outcome !== "refused") continue;
      const reason = row.field === null ? row.problem : `${row.field} ${row.problem}`;
      refused.push({ line: row.line, reason, cells: cells.get(row.line) ?? [] });
    }
  }
  progress.refused += refused.length;
  return refused.sort((a, b) => a.line - b.line);
}

function reportPath({ text }: PeopleFile): string {
  return `${text.path}.refused.csv`;
}

/** Cuts off what a run that died wrote beyond its last batch. Only the owner may read the file: it holds addresses. */
async function openReport(people: PeopleFile, bytes: number): Promise<FileHandle> {
  const file = await open(reportPath(people), bytes === 0 ? "w" : "r+", 0o600);
  await file.truncate(bytes);
  return file;
}

/**
 * Writes line and reason before the row, under the same titles: once mended, it can be imported as it is. No cell is a
 * formula, as in an export; a cell that was already made text in the file stays as it was.
 */
async function appendTo(
  report: FileHandle,
  refused: readonly Refusal[],
  { header, delimiter }: PeopleFile,
  at: number,
): Promise<number> {
  if (refused.length === 0) return 0;
  const asText = (cells: readonly string[]) => cells.map((cell) => toCell(fromCell(cell)));
  const rows = refused.map(({ line, reason, cells }) => [String(line), toCell(reason), ...asText(cells)]);
  const titles = ["line", "reason", ...asText(header.titles)];
  const text = stringify(at === 0 ? [titles, ...rows] : rows, { delimiter });
  const { bytesWritten } = await report.write(text, at);
  return bytesWritten;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
