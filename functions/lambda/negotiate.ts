import type { HttpRequest } from "./http.ts";

const JSON_TYPE = /\bapplication\/(?:[\w.-]+\+)?json\b/i;

/**
 * Whether the caller speaks JSON: it asks for JSON and not for a page, or does not say what it wants and sends JSON.
 */
export function speaksJson(headers: HttpRequest["headers"]): boolean {
  const accept = headers.accept ?? "";
  if (/\btext\/html\b/i.test(accept)) return false;
  return JSON_TYPE.test(accept) || JSON_TYPE.test(headers["content-type"] ?? "");
}
