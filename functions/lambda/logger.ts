/** Ids, counts and states: never an address, a token or a text that a person wrote. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** Logs `cause` by name, text and stack, with addresses blotted out. */
  error(message: string, cause: unknown, fields?: LogFields): void;
}

type Sink = Pick<Console, "info" | "warn" | "error">;

/** One JSON line per call. `base` goes with each of them. */
export function createLogger(base: LogFields, sink: Sink = console): Logger {
  const line = (level: string, message: string, fields: LogFields) =>
    JSON.stringify({ level, message, ...base, ...fields });
  return {
    info: (message, fields = {}) => sink.info(line("info", message, fields)),
    warn: (message, fields = {}) => sink.warn(line("warn", message, fields)),
    error: (message, cause, fields = {}) => sink.error(line("error", message, { ...fields, ...describe(cause) })),
  };
}

function describe(cause: unknown): LogFields {
  if (!(cause instanceof Error)) return { error: typeof cause };
  return { error: cause.name, reason: blot(cause.message), stack: blot(cause.stack ?? "") };
}

/** SES puts the address into its refusals, and SNS the number. A failed fetch may name the endpoint with its token. */
function blot(text: string): string {
  return text
    .replace(/[^\s<>"'()]+/g, (word) => (/.@./.test(word) ? "<address>" : word))
    .replace(/https?:\/\/[^\s"']+/g, "<url>")
    .replace(/\+\d{6,15}/g, "<number>");
}
