import { createWriteStream } from "node:fs";
import * as z from "zod";
import { isRecord } from "./template.ts";

// The same complaint every few milliseconds adds nothing.
const REPEAT_AFTER_MS = 5000;

/** The output of all functions in one file; their errors also go to the terminal, one line each. */
export interface FunctionLog {
  /** Output of a function, in pieces as it comes. */
  output(functionName: string, stream: "stdout" | "stderr", text: string): void;
  /** Something went wrong around a function: a failed invocation, a broken handler. */
  problem(functionName: string, what: string, detail?: string): void;
  close(): Promise<void>;
}

export interface FunctionLogDeps {
  path: string;
  /** One line for the terminal. */
  report(line: string): void;
  clock(): number;
}

export function openFunctionLog({ path, report, clock }: FunctionLogDeps): FunctionLog {
  const file = createWriteStream(path, { flags: "a", mode: 0o600 });
  // A full disk must not end the stack; the terminal still shows the errors.
  file.on("error", () => {});
  const unfinished = new Map<string, string>();
  const toldAt = new Map<string, number>();

  const write = (functionName: string, line: string) => {
    file.write(`${new Date(clock()).toISOString()} ${functionName} ${line}\n`);
  };
  const tell = (line: string) => {
    const now = clock();
    if (now - (toldAt.get(line) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS) return;
    if (toldAt.size > 1000) toldAt.clear();
    toldAt.set(line, now);
    report(line);
  };
  return {
    output(functionName, stream, text) {
      const key = `${functionName} ${stream}`;
      const lines = ((unfinished.get(key) ?? "") + text).split("\n");
      unfinished.set(key, lines.pop() ?? "");
      for (const line of lines) {
        write(functionName, line);
        const error = stream === "stderr" ? errorIn(line) : null;
        if (error !== null) tell(`${functionName}: ${error}`);
      }
    },
    problem(functionName, what, detail) {
      write(functionName, detail === undefined ? what : `${what}\n${detail}`);
      tell(`${functionName}: ${what}`);
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

const errorLineSchema = z.object({ level: z.literal("error"), message: z.string(), reason: z.string().optional() });

/** The text of a logged error: functions log JSON, a line each. */
function errorIn(line: string): string | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    const { data } = errorLineSchema.safeParse(isRecord(parsed) ? parsed : {});
    if (data === undefined) return null;
    return data.reason === undefined ? data.message : `${data.message}: ${data.reason.split("\n", 1)[0]}`;
  } catch {
    return null;
  }
}
