import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { HttpHandler } from "../../functions/lambda/http.ts";
import { payloadBody } from "../../infra/local/resources/payload-body.ts";

export interface Reply {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** Parsed if the answer is JSON, else null. */
  json: unknown;
}

export interface Sending {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is, with the content type. */
  body?: string | Uint8Array;
  contentType?: string;
  headers?: Record<string, string>;
  /** The caller's IP address. */
  source?: string;
}

export type Send = (method: string, target: string, sending?: Sending) => Promise<Reply>;

/**
 * Calls an API's handler as API Gateway does: payload 2.0, lower-case header names, the body in base64 if it is not
 * text.
 */
export function httpClient(handler: HttpHandler, always: Record<string, string> = {}): Send {
  return async (method, target, sending = {}) => {
    const result = await handler(callOf(method, target, sending, always), CONTEXT);
    const headers = Object.fromEntries(
      Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    const text = result.body ?? "";
    const isJson = headers["content-type"]?.startsWith("application/json") === true && text !== "";
    return { status: result.statusCode ?? 0, headers, text, json: isJson ? JSON.parse(text) : null };
  };
}

function callOf(
  method: string,
  target: string,
  { json, body, contentType, headers, source = "192.0.2.1" }: Sending,
  always: Record<string, string>,
): APIGatewayProxyEventV2 {
  const url = new URL(target, "https://api.example");
  const bytes = Buffer.from((json === undefined ? body : JSON.stringify(json)) ?? "");
  const type = contentType ?? (json === undefined ? undefined : "application/json");
  return {
    version: "2.0",
    routeKey: "ANY /{proxy+}",
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: { ...always, ...(type === undefined ? {} : { "content-type": type }), ...headers },
    pathParameters: { proxy: url.pathname.slice(1) },
    requestContext: {
      accountId: "123456789012",
      apiId: "api",
      domainName: "api.example",
      domainPrefix: "api",
      http: { method, path: url.pathname, protocol: "HTTP/1.1", sourceIp: source, userAgent: "test" },
      requestId: "request",
      routeKey: "ANY /{proxy+}",
      stage: "$default",
      time: "07/Jul/2025:10:05:00 +0000",
      timeEpoch: 1_751_882_700_000,
    },
    ...payloadBody(bytes, type),
  };
}

const nothing = () => undefined;
const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: "function",
  functionVersion: "1",
  invokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:function",
  memoryLimitInMB: "1769",
  awsRequestId: "request",
  logGroupName: "group",
  logStreamName: "stream",
  getRemainingTimeInMillis: () => 10_000,
  done: nothing,
  fail: nothing,
  succeed: nothing,
};
