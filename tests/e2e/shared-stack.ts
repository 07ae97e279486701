import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { inject } from "vitest";
import * as z from "zod";
import { until } from "../fixtures/progress.ts";
import { endpointsSchema, type LocalEndpoints } from "./local-process.ts";

const stackSchema = z.object({ endpoints: endpointsSchema, data: z.string() });
/** A stack that all files of this project share, one after the other: each takes addresses and names of its own. */
export type SharedStack = z.infer<typeof stackSchema>;

/** The running stack; the first file that asks starts it. Nobody ends it or changes its limits. */
export async function sharedStack(): Promise<SharedStack> {
  return stackSchema.parse(await ask("/stack"));
}

/** The synthesized app, for a stack of one's own that may be killed: `startProcess` and `startLocalStack` take it. */
export async function sharedApp(): Promise<string> {
  return z.string().parse(await ask("/app"));
}

/** Bare `node:http` would do; `fetch` gives up on an answer that takes five minutes, which a start never does. */
async function ask(path: string): Promise<unknown> {
  const answer = await fetch(`${inject("sharedStackUrl")}${path}`);
  const { value, error } = z.object({ value: z.unknown(), error: z.string().optional() }).parse(await answer.json());
  if (error !== undefined) throw new Error(error);
  return value;
}

const outboxSchema = z.object({
  emails: z.array(z.object({ id: z.string(), to: z.string(), at: z.string(), raw: z.string() })),
  sms: z.array(z.object({ to: z.string(), at: z.string(), text: z.string() })),
});
export type Outbox = z.infer<typeof outboxSchema>;

export async function readOutbox({ outbox }: LocalEndpoints): Promise<Outbox> {
  const answer = await fetch(outbox, { headers: { accept: "application/json" } });
  return outboxSchema.parse(await answer.json());
}

export interface Mail {
  raw: string;
  text: string;
  subject: string;
}

/** The mail to somebody after so many earlier ones to them, once it has come. */
export async function mailTo(stack: SharedStack, to: string, earlier = 0): Promise<Mail> {
  let total = 0;
  const mail = await until(
    `mail ${earlier + 1} to ${to}`,
    async () => {
      const { emails } = await readOutbox(stack.endpoints);
      total = emails.length;
      return emails.filter((one) => one.to === to)[earlier];
    },
    { moving: () => total },
  );
  const parsed = await simpleParser(mail.raw);
  return { raw: mail.raw, text: parsed.text ?? "", subject: parsed.subject ?? "" };
}

/** The link in a mail's text that leads to `path` of the subscription API. */
export function linkTo({ endpoints }: SharedStack, path: string, text: string): string {
  const found = new RegExp(`${endpoints.subscriptions}/${path}/[\\w.-]+`).exec(text)?.[0];
  if (found === undefined) throw new Error(`no link to ${path} in: ${text}`);
  return found;
}

/** The end of what its functions said: for errors. */
export async function lastSaid({ data }: SharedStack): Promise<string> {
  const log = await readFile(join(data, "functions.log"), "utf8").catch(() => "");
  return log.slice(-2_000);
}
