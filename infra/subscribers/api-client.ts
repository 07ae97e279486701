import { z } from "zod";
import type { ApiOptions } from "./options.ts";

export interface ApiDeps {
  fetch: typeof fetch;
  sleep: (ms: number) => Promise<unknown>;
  /** Uniform in [0, 1). */
  jitter: () => number;
  /** Called when an answer makes us wait. */
  onWait: (reason: string, ms: number) => void;
}

/** The API refused, and trying again would change nothing. The text is the API's. */
export class RefusedError extends Error {
  override name = "RefusedError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Call {
  method: "GET" | "POST";
  /** Under the page. */
  path: string;
  body?: unknown;
  idempotencyKey?: string;
}

export interface ApiClient {
  /** The page's id. */
  page: string;
  /** Throws RefusedError, or the last error when trying again did not help. */
  call<T>(call: Call, answer: z.ZodType<T>): Promise<T>;
}

/** More than the API takes for anything. */
const TIMEOUT_MS = 60_000;
const ATTEMPTS = 8;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** 409: the same request from a run that was killed is still running. */
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429, 500, 502, 503, 504]);

const pagesSchema = z.array(z.object({ id: z.string() }));
const errorSchema = z.object({ error: z.string() });

/** Finds out the key's page if none is named. */
export async function apiClient({ api, key, page }: ApiOptions, deps: ApiDeps): Promise<ApiClient> {
  const send = <T>(call: Call, url: string, answer: z.ZodType<T>) => sendWithRetry(call, url, key, answer, deps);
  let pageId = page;
  if (pageId === undefined) {
    const pages = await send({ method: "GET", path: "" }, `${api}/v1/pages`, pagesSchema);
    pageId = pages[0]?.id;
    if (pageId === undefined) throw new Error("the key has no page");
  }
  return { page: pageId, call: (call, answer) => send(call, `${api}/v1/pages/${pageId}${call.path}`, answer) };
}

async function sendWithRetry<T>(call: Call, url: string, key: string, answer: z.ZodType<T>, deps: ApiDeps): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const sent = await sendOnce(call, url, key, deps);
    if (sent.outcome === "answered") return answer.parse(sent.json);
    if (sent.outcome === "refused") throw new RefusedError(sent.status, sent.reason);
    if (tries === ATTEMPTS) throw new Error(`the API did not take it, ${ATTEMPTS} times: ${sent.reason}`);
    const backOff = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1)) * (0.5 + deps.jitter());
    const wait = Math.max(sent.retryAfterMs, backOff);
    deps.onWait(sent.reason, wait);
    await deps.sleep(wait);
  }
}

type Sent =
  | { outcome: "answered"; json: unknown }
  | { outcome: "refused"; status: number; reason: string }
  | { outcome: "try again"; reason: string; retryAfterMs: number };

async function sendOnce(
  { method, body, idempotencyKey }: Call,
  url: string,
  key: string,
  deps: ApiDeps,
): Promise<Sent> {
  const headers = {
    authorization: `OAuth ${key}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
  try {
    const response = await deps.fetch(url, {
      method,
      headers,
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.ok) return { outcome: "answered", json: JSON.parse(text) };
    const reason = `${response.status} ${reasonIn(text)}`.trim();
    if (!PASSING.has(response.status)) return { outcome: "refused", status: response.status, reason };
    return { outcome: "try again", reason, retryAfterMs: retryAfter(response.headers.get("retry-after")) };
  } catch (error) {
    return { outcome: "try again", reason: networkReason(error), retryAfterMs: 0 };
  }
}

function reasonIn(text: string): string {
  try {
    return errorSchema.parse(JSON.parse(text)).error;
  } catch {
    return "";
  }
}

function retryAfter(header: string | null): number {
  return header !== null && /^\d{1,4}$/.test(header) ? Number(header) * 1_000 : 0;
}

/** fetch says "fetch failed" and hides the rest in the cause. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
