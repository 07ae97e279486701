import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import * as z from "zod";
import { ACCOUNT } from "../account.ts";
import { oneLine } from "../failure.ts";
import type { FunctionLog } from "../function-log.ts";
import { closeServer, listen } from "../listen.ts";
import { FunctionFailure, type LocalFunction } from "../local-function.ts";
import { admitOnly } from "../visitors.ts";
import { matchRoute, type RoutePattern } from "./api-route.ts";
import { payloadBody } from "./payload-body.ts";

export const corsSchema = z.object({
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  AllowCredentials: z.boolean().default(false),
  MaxAge: z.number().optional(),
});
type Cors = z.infer<typeof corsSchema>;

export interface ApiServerProps {
  port: number;
  routes: readonly (RoutePattern & { target: Pick<LocalFunction, "name" | "invoke"> })[];
  cors: Cors | null;
  log: FunctionLog;
}

// API Gateway's quota for HTTP APIs.
const LARGEST_BODY = 10 * 1024 * 1024;

/** Answers as an HTTP API with payload format 2.0 would. Returns what ends it. Throws StartFailure if the port is taken. */
export async function serveApi(props: ApiServerProps): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    answer(request, response, props).catch((error) => {
      props.log.problem("http", `a request could not be answered: ${oneLine(error)}`);
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { message: "Internal Server Error" });
    });
  });
  admitOnly("readers", server);
  await listen(server, props.port);
  return () => closeServer(server);
}

async function answer(request: IncomingMessage, response: ServerResponse, props: ApiServerProps): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const corsHeaders = props.cors === null ? {} : corsHeadersFor(props.cors, request.headers.origin, method);
  for (const [name, value] of Object.entries(corsHeaders)) response.setHeader(name, value);
  if (props.cors !== null && method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
    response.writeHead(204).end();
    return;
  }
  const question = url.indexOf("?");
  const path = decodePath(question < 0 ? url : url.slice(0, question));
  const query = question < 0 ? "" : url.slice(question + 1);
  const match = matchRoute(props.routes, method, path);
  if (match === null) return sendJson(response, 404, { message: "Not Found" });
  const body = await readBody(request);
  if (body === null) return sendJson(response, 413, { message: "Request Too Long" });
  const payload = payloadOf(request, { method, path, query, body, match });
  let result: unknown;
  try {
    result = await match.route.target.invoke(payload);
  } catch (error) {
    if (!(error instanceof FunctionFailure)) throw error;
    return sendJson(response, 500, { message: "Internal Server Error" });
  }
  sendResult(response, result, method, props.cors !== null);
}

interface Received {
  method: string;
  path: string;
  query: string;
  body: Buffer;
  match: { route: RoutePattern; pathParameters: Record<string, string> };
}

function payloadOf(request: IncomingMessage, { method, path, query, body, match }: Received): object {
  const now = new Date();
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== "cookie" && value !== undefined) headers[name] = Array.isArray(value) ? value.join(",") : value;
  }
  const cookies = request.headers.cookie?.split("; ");
  const queryStringParameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = queryStringParameters[name];
    queryStringParameters[name] = earlier === undefined ? value : `${earlier},${value}`;
  }
  const { pathParameters, route } = match;
  return {
    version: "2.0",
    routeKey: route.key,
    rawPath: path,
    rawQueryString: query,
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(query === "" ? {} : { queryStringParameters }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: "local",
      domainName: headers.host ?? "",
      domainPrefix: "local",
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? "",
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: randomUUID(),
      routeKey: route.key,
      stage: "$default",
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...payloadBody(body, request.headers["content-type"]),
  };
}

/** A path that is not valid percent-encoding is passed on as it came. */
function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    // Reads on without keeping it: closing the connection now would lose the answer.
    if (size <= LARGEST_BODY) chunks.push(bytes);
  }
  return size > LARGEST_BODY ? null : Buffer.concat(chunks);
}

const resultSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().optional(),
});

function sendResult(response: ServerResponse, result: unknown, method: string, ownCors: boolean): void {
  // Without a status code, the function's result is the body.
  if (typeof result !== "object" || result === null || !("statusCode" in result)) {
    sendJson(response, 200, result);
    return;
  }
  const { data } = resultSchema.safeParse(result);
  if (data === undefined) {
    sendJson(response, 500, { message: "Internal Server Error" });
    return;
  }
  for (const [name, value] of Object.entries(data.headers ?? {})) {
    // An API with a CORS configuration ignores its function's CORS headers.
    if (ownCors && name.toLowerCase().startsWith("access-control-")) continue;
    response.setHeader(name, String(value));
  }
  if (data.cookies !== undefined) response.setHeader("set-cookie", data.cookies);
  const body = Buffer.from(data.body ?? "", data.isBase64Encoded === true ? "base64" : "utf8");
  response.setHeader("content-length", body.length);
  response.writeHead(data.statusCode).end(method === "HEAD" ? undefined : body);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function corsHeadersFor(cors: Cors, origin: string | undefined, method: string): Record<string, string> {
  if (origin === undefined) return {};
  const any = cors.AllowOrigins.includes("*");
  if (!any && !cors.AllowOrigins.includes(origin)) return {};
  const headers: Record<string, string> = { "access-control-allow-origin": any ? "*" : origin };
  if (cors.AllowCredentials) headers["access-control-allow-credentials"] = "true";
  if (cors.ExposeHeaders.length > 0) headers["access-control-expose-headers"] = cors.ExposeHeaders.join(",");
  if (method !== "OPTIONS") return headers;
  headers["access-control-allow-methods"] = cors.AllowMethods.join(",");
  headers["access-control-allow-headers"] = cors.AllowHeaders.join(",");
  if (cors.MaxAge !== undefined) headers["access-control-max-age"] = String(cors.MaxAge);
  return headers;
}
