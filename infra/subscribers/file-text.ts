import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { z } from "zod";

/** A file of text, and the charset of its bytes. */
export interface FileText {
  path: string;
  /** Null: nobody said so, and it is UTF-8. */
  charset: string | null;
}

const FIRST_BYTES = 64 * 1_024;

/**
 * The file's byte order mark overrides the declared charset; zeros show UTF-16 without a mark. Null: UTF-8, by default.
 */
export async function charsetOf(path: string, declared: string | null): Promise<string | null> {
  const [first = 0, second = 0, third = 0] = await firstBytes(path, 3);
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  if (declared !== null) return declared;
  if (first !== 0 && second === 0 && third !== 0) return "utf-16le";
  return first === 0 && second !== 0 ? "utf-16be" : null;
}

/** SHA-256, hex, of the bytes. Throws, with the line, if they are not text in the file's charset. */
export async function checkedHash({ path, charset }: FileText): Promise<string> {
  const hash = createHash("sha256");
  const decoder = strict(charset);
  let lines = 0;
  let pending: Uint8Array = new Uint8Array();
  try {
    for await (const bytes of chunksOf(path)) {
      hash.update(bytes);
      pending = bytes;
      lines += linesIn(decoder.decode(bytes, { stream: true }));
    }
    pending = new Uint8Array();
    decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const line = lines + 1 + linesIn(new TextDecoder(charset ?? "utf-8").decode(goodPart(pending, charset)));
    const which =
      charset === null ? 'is not UTF-8: save it as "CSV UTF-8", or name its --charset' : `is not ${charset}`;
    throw new Error(`${path}, line ${line}: ${which}`);
  }
  return hash.digest("hex");
}

/** The longest beginning that can be read. */
function goodPart(bytes: Uint8Array, charset: string | null): Uint8Array {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    try {
      strict(charset).decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return bytes.subarray(0, good);
}

export async function* decoded({ path, charset }: FileText): AsyncGenerator<string> {
  const decoder = strict(charset);
  for await (const bytes of chunksOf(path)) {
    const text = decoder.decode(bytes, { stream: true });
    // An empty text would end the stream.
    if (text !== "") yield text;
  }
  const rest = decoder.decode();
  if (rest !== "") yield rest;
}

/** Enough for the first lines. */
export async function firstText({ path, charset }: FileText): Promise<string> {
  return new TextDecoder(charset ?? "utf-8").decode(await firstBytes(path, FIRST_BYTES));
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path)) yield z.instanceof(Buffer).parse(chunk);
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Without the byte order mark. */
function strict(charset: string | null): InstanceType<typeof TextDecoder> {
  return new TextDecoder(charset ?? "utf-8", { fatal: true });
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}
