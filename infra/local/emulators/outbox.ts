import { closeSync, openSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import * as z from "zod";

/** `at` is when the provider accepted it: ISO 8601, UTC, milliseconds. */
const sentEmailSchema = z.object({ id: z.string(), to: z.string(), at: z.string(), raw: z.string() });
const sentSmsSchema = z.object({ to: z.string(), at: z.string(), text: z.string() });
export type SentEmail = z.infer<typeof sentEmailSchema>;
export type SentSms = z.infer<typeof sentSmsSchema>;

/** Everything that the local providers accepted. Kept in memory, and in a file for the next start. */
export interface Outbox {
  addEmail(email: Omit<SentEmail, "at">): void;
  addSms(sms: Omit<SentSms, "at">): void;
  /** Oldest first. */
  readonly emails: readonly SentEmail[];
  readonly sms: readonly SentSms[];
  close(): Promise<void>;
}

const lineSchema = z.discriminatedUnion("kind", [
  sentEmailSchema.extend({ kind: z.literal("email") }),
  sentSmsSchema.extend({ kind: z.literal("sms") }),
]);

export async function openOutbox(path: string, clock: () => number): Promise<Outbox> {
  const emails: SentEmail[] = [];
  const sms: SentSms[] = [];
  await load(path, emails, sms);
  const file = openSync(path, "a", 0o600);
  // Written before the sender has its answer: what it records as accepted is still here after a kill.
  let closed = false;
  const write = (line: object) => {
    if (closed) return;
    try {
      writeSync(file, `${JSON.stringify(line)}\n`);
    } catch {
      // What is shown now matters more than the file: a full disk must not end the stack.
    }
  };
  const now = () => new Date(clock()).toISOString();
  return {
    emails,
    sms,
    addEmail(added) {
      const email = { ...added, at: now() };
      emails.push(email);
      write({ kind: "email", ...email });
    },
    addSms(added) {
      const one = { ...added, at: now() };
      sms.push(one);
      write({ kind: "sms", ...one });
    },
    async close() {
      if (closed) return;
      closed = true;
      closeSync(file);
    },
  };
}

/** Reads line by line. After a kill the last line may be half written; it is left out. */
async function load(path: string, emails: SentEmail[], sms: SentSms[]): Promise<void> {
  const file = await open(path, "a+", 0o600);
  for await (const line of file.readLines({ start: 0 })) {
    const entry = readLine(line);
    if (entry?.kind === "email") emails.push({ id: entry.id, to: entry.to, at: entry.at, raw: entry.raw });
    if (entry?.kind === "sms") sms.push({ to: entry.to, at: entry.at, text: entry.text });
  }
}

function readLine(line: string): z.infer<typeof lineSchema> | null {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
