import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { GetObjectCommand, NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import { oneLine } from "./failure.ts";
import type { FunctionLog } from "./function-log.ts";
import { closeServer, listen } from "./listen.ts";
import type { CorsRule } from "./services.ts";
import { admitOnly } from "./visitors.ts";

export interface PageServerProps {
  port: number;
  s3: S3Client;
  bucket: string;
  /** Key of the file at `/`. */
  rootObject: string;
  /** The first one whose pattern matches the path serves it. */
  behaviors: readonly (Behavior & { pathPattern: string })[];
  defaultBehavior: Behavior;
  corsRulesOf(bucket: string): readonly CorsRule[];
  errorPages: readonly { status: number; becomes: number; path: string | null }[];
  cacheControlOf(bucket: string, key: string): string | null;
  log: FunctionLog;
}

export interface Behavior {
  /** Added to every answer. */
  headers: Record<string, string>;
  methods: readonly string[];
  /** Whether the bucket gets what it needs to answer a preflight. */
  forwardsOrigin: boolean;
}

interface StoredFile {
  bytes: Uint8Array;
  contentType: string;
  cacheControl: string | null;
  etag: string;
  lastModified: Date | null;
}

/** Serves the bucket as its distribution would, uncached. Returns what ends it. Throws StartFailure if the port is taken. */
export async function servePage(props: PageServerProps): Promise<() => Promise<void>> {
  const behaviors = props.behaviors.map((behavior) => ({ matches: globPattern(behavior.pathPattern), behavior }));
  const server = createServer((request, response) => {
    const path = pathOf(request);
    const behavior = behaviors.find(({ matches }) => matches.test(path))?.behavior ?? props.defaultBehavior;
    for (const [name, value] of Object.entries(behavior.headers)) response.setHeader(name, value);
    answer(path, behavior, request, response, props).catch((error) => {
      props.log.problem("page", `a file could not be served: ${oneLine(error)}`);
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { "content-type": "text/plain" }).end("Bad gateway\n");
    });
  });
  admitOnly("readers", server);
  await listen(server, props.port);
  return () => closeServer(server);
}

async function answer(
  path: string,
  behavior: Behavior,
  request: IncomingMessage,
  response: ServerResponse,
  props: PageServerProps,
): Promise<void> {
  // CloudFront's own refusal of a method is a 403, and so is the bucket's of a preflight that no rule allows.
  if (!behavior.methods.includes(request.method ?? "")) return sendError(403, request, response, props);
  if (request.method === "OPTIONS") return answerPreflight(behavior, request, response, props);
  const file = await readStored(path === "/" ? props.rootObject : path.slice(1), props);
  if (file === null) return sendError(404, request, response, props);
  response.setHeader("etag", file.etag);
  if (file.lastModified !== null) response.setHeader("last-modified", file.lastModified.toUTCString());
  if (file.cacheControl !== null) response.setHeader("cache-control", file.cacheControl);
  if (isUnchanged(request.headers["if-none-match"], file.etag)) {
    response.writeHead(304).end();
    return;
  }
  send(200, file, request, response);
}

/** Answers as S3 does: 200 by the first rule that allows it, 400 without an origin, else 403. */
async function answerPreflight(
  { forwardsOrigin }: Behavior,
  request: IncomingMessage,
  response: ServerResponse,
  props: PageServerProps,
): Promise<void> {
  const { origin, "access-control-request-method": method } = request.headers;
  if (!forwardsOrigin || origin === undefined || method === undefined) {
    response
      .writeHead(400, { "content-type": "text/plain" })
      .end("Insufficient information. Origin request header needed.\n");
    return;
  }
  const asked = (request.headers["access-control-request-headers"] ?? "").split(",").map((name) => name.trim());
  const rule = props
    .corsRulesOf(props.bucket)
    .find(
      ({ AllowedOrigins, AllowedMethods, AllowedHeaders }) =>
        [origin, "*"].some((allowed) => AllowedOrigins.includes(allowed)) &&
        AllowedMethods.includes(method) &&
        (AllowedHeaders.includes("*") || asked.every((name) => name === "" || AllowedHeaders.includes(name))),
    );
  if (rule === undefined) return sendError(403, request, response, props);
  response.setHeader("access-control-allow-origin", rule.AllowedOrigins.includes("*") ? "*" : origin);
  response.setHeader("access-control-allow-methods", rule.AllowedMethods.join(", "));
  if (asked.join("") !== "") response.setHeader("access-control-allow-headers", asked.join(", "));
  if (rule.MaxAge !== undefined) response.setHeader("access-control-max-age", String(rule.MaxAge));
  response.writeHead(200).end();
}

async function sendError(
  status: number,
  request: IncomingMessage,
  response: ServerResponse,
  props: PageServerProps,
): Promise<void> {
  const page = props.errorPages.find((candidate) => candidate.status === status);
  const file = page?.path ? await readStored(page.path.slice(1), props) : null;
  if (page !== undefined && file !== null) return send(page.becomes, file, request, response);
  const text = status === 404 ? "Nothing has been published here.\n" : "This cannot be done here.\n";
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
}

function send(status: number, file: StoredFile, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, { "content-type": file.contentType, "content-length": file.bytes.length });
  response.end(request.method === "HEAD" ? undefined : file.bytes);
}

async function readStored(key: string, { s3, bucket, cacheControlOf }: PageServerProps): Promise<StoredFile | null> {
  if (key === "") return null;
  try {
    const { Body, ContentType, ETag, LastModified } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return {
      bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(),
      contentType: ContentType ?? "application/octet-stream",
      cacheControl: cacheControlOf(bucket, key),
      etag: ETag ?? "",
      lastModified: LastModified ?? null,
    };
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    throw error;
  }
}

/** RFC 9110, 13.1.2: a list of tags, compared weakly. */
function isUnchanged(condition: string | undefined, etag: string): boolean {
  if (condition === undefined) return false;
  const tags = condition.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes("*") || tags.includes(etag);
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const path = url.split("?", 1)[0] ?? "/";
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** CloudFront's path patterns: `*` is any number of characters, `?` one. */
function globPattern(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const absolute = escaped.startsWith("/") || escaped.startsWith("*") ? escaped : `/${escaped}`;
  return new RegExp(`^${absolute.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
