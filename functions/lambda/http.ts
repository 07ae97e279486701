import middy from "@middy/core";
import httpRouterHandler, { type Method } from "@middy/http-router";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { cleanToken } from "../core/invisible.ts";
import { checkQuery, checkTexts, contentTypeOf, type Decode } from "./charset.ts";
import { parseForm } from "./form.ts";
import type { Logger } from "./logger.ts";
import { HttpProblem } from "./problem.ts";

export interface HttpRequest {
  method: string;
  /** Without the `.json` suffix where the API allows one. */
  path: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Header values by lower-case name. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The body as it was sent. */
  bytes: Uint8Array;
  /** The same as UTF-8, whatever it is: only to search in. `parsedBody` reads data. */
  text: string;
  /** The caller's IP address. */
  source: string;
}

export interface HttpReply {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** Sent as it is; absent for an empty answer. */
  body?: string;
}

export interface HttpRoute {
  method: Extract<Method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS">;
  /** `/v1/pages/{page}`. A route without parameters wins over one with. GET answers HEAD too. */
  path: string;
  run(request: HttpRequest): Promise<HttpReply>;
}

export interface HttpApiOptions {
  routes: readonly HttpRoute[];
  /** Largest body, in bytes; a larger one is answered with 413. */
  bodyLimit: number;
  /** What all paths begin with, such as `/v1`. What stands before it is the address that the caller knows us by. */
  base: string;
  /** `/v1/pages.json` means `/v1/pages`. */
  jsonSuffix: boolean;
  /**
   * How a refusal looks to the caller. Only headers and path describe the caller, because the body may be what is
   * refused.
   */
  refuse(problem: HttpProblem, asked: Pick<HttpRequest, "method" | "path" | "headers">): HttpReply;
  /** Whether what a route threw may be over in a moment. Then the caller is asked to come again. */
  isBusy(error: unknown): boolean;
  log: Logger;
}

export type HttpHandler = (
  call: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * An HTTP API (payload 2.0) as one Lambda: size limit, routes, refusals as data, security headers. No raw error gets
 * out.
 */
export function httpApi({ routes, bodyLimit, base, jsonSuffix, refuse, isBusy, log }: HttpApiOptions): HttpHandler {
  const router = httpRouterHandler<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>({
    routes: routes.flatMap(({ method, path, run }) => {
      const handler = async (call: APIGatewayProxyEventV2) => resultOf(await run(requestOf(call)));
      const methods: Method[] = method === "GET" ? ["GET", "HEAD"] : [method];
      return methods.map((each) => ({ method: each, path, handler }));
    }),
    notFoundResponse: ({ method, path }) => {
      throw unrouted(routes, method, path);
    },
  });

  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(router)
    .before(({ event: call }) => {
      if (bytesOf(call) > bodyLimit) throw new HttpProblem(413, `The body is larger than ${bodyLimit} bytes`);
      const { http } = call.requestContext;
      http.path = http.path.slice(Math.max(0, http.path.indexOf(`${base}/`)));
      if (jsonSuffix) http.path = http.path.replace(/\.json\/?$/, "");
    })
    .after((step) => {
      step.response = secured(step.event, step.response ?? { statusCode: 204 });
    })
    .onError((step) => {
      const { method, path } = step.event.requestContext.http;
      const problem = problemOf(step.error, step.event, isBusy, log);
      step.response = secured(step.event, resultOf(refuse(problem, { method, path, headers: headersOf(step.event) })));
    });
}

/** `{"error": "...", "details": [...]}`; without `details` if there are none. */
export function refuseAsJson(problem: HttpProblem): HttpReply {
  const { details } = problem;
  const body = details.length > 0 ? { error: problem.message, details } : { error: problem.message };
  return { ...json(problem.status, body), headers: { ...JSON_HEADERS, ...problem.headers } };
}

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" } as const;

export function json(status: number, body: unknown): HttpReply {
  return { status, headers: JSON_HEADERS, body: JSON.stringify(body) };
}

/**
 * The body as data: JSON, or a form if the content type says so, in the charset that it declares. An empty one is an
 * empty map. Throws 400, 415, and 422 for text that cannot be kept.
 */
export function parsedBody(request: HttpRequest): unknown {
  if (request.text.trim() === "") return {};
  const { type, decode } = contentTypeOf(request.headers["content-type"]);
  const body = type === FORM ? formIn(request, decode) : jsonIn(request, type, decode);
  checkTexts(body);
  return body;
}

const FORM = "application/x-www-form-urlencoded";

function formIn({ bytes, text }: HttpRequest, decode: Decode): unknown {
  // What curl -d sends by default.
  if (/^\s*\{/.test(text)) {
    throw new HttpProblem(400, "The body looks like JSON: send it with Content-Type: application/json");
  }
  const form = parseForm(bytes, decode);
  if (form === null) throw new HttpProblem(400, "The body is not a valid form");
  return form;
}

function jsonIn({ bytes }: HttpRequest, type: string | null, decode: Decode): unknown {
  if (type !== null && type !== "application/json" && !type.endsWith("+json") && type !== "text/json") {
    throw new HttpProblem(415, "Send application/json or application/x-www-form-urlencoded");
  }
  const text = decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpProblem(400, "The body is not valid JSON");
  }
}

function requestOf(call: APIGatewayProxyEventV2): HttpRequest {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.pathParameters ?? {})) {
    // Mails, chats and people append things to a link that cannot be part of a token.
    if (value !== undefined) params[name] = name === "token" ? cleanToken(value) : value;
  }
  const query = new URLSearchParams(call.rawQueryString);
  // What was appended to a link must not keep its holder from leaving.
  if (params.token === undefined) checkQuery(query);
  const bytes = bodyBuffer(call);
  return {
    method: call.requestContext.http.method,
    path: call.requestContext.http.path,
    params,
    query,
    headers: headersOf(call),
    bytes,
    text: bytes.toString("utf8"),
    source: call.requestContext.http.sourceIp,
  };
}

function headersOf(call: APIGatewayProxyEventV2): HttpRequest["headers"] {
  return Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function bodyBuffer(call: APIGatewayProxyEventV2): Buffer {
  return Buffer.from(call.body ?? "", call.isBase64Encoded ? "base64" : "utf8");
}

function bytesOf(call: APIGatewayProxyEventV2): number {
  return Buffer.byteLength(call.body ?? "", call.isBase64Encoded ? "base64" : "utf8");
}

function resultOf(reply: HttpReply): APIGatewayProxyStructuredResultV2 {
  return { statusCode: reply.status, headers: { ...reply.headers }, body: reply.body ?? "" };
}

function secured(
  call: APIGatewayProxyEventV2,
  result: APIGatewayProxyStructuredResultV2,
): APIGatewayProxyStructuredResultV2 {
  const headers = { ...SECURITY_HEADERS, ...result.headers };
  return call.requestContext.http.method === "HEAD" ? { ...result, headers, body: "" } : { ...result, headers };
}

const BUSY_SECONDS = "5";

function problemOf(
  error: unknown,
  call: APIGatewayProxyEventV2,
  isBusy: HttpApiOptions["isBusy"],
  log: Logger,
): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { method } = call.requestContext.http;
  log.error("request failed", error, { requestId: call.requestContext.requestId, method, route: call.routeKey });
  if (!isBusy(error)) return new HttpProblem(500, "Something went wrong on our side");
  return new HttpProblem(503, "Too busy at the moment, please try again", [], { "retry-after": BUSY_SECONDS });
}

/** 405 if the path has other methods, else 404. */
function unrouted(routes: readonly HttpRoute[], method: string, path: string): HttpProblem {
  const methods = routes.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  if (methods.length === 0) return new HttpProblem(404, "There is nothing at this address");
  const allow = [...new Set(methods)].join(", ");
  return new HttpProblem(405, `${method} is not possible here, only ${allow}`, [], { allow });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+")}/?$`);
}
