import { type HttpReply, type HttpRequest, type HttpRoute, json, refuseAsJson } from "../../lambda/http.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { formAddress, refused } from "../pages.tsx";
import { readerLocale } from "../reader-locale.ts";
import { retryOf } from "../retry-form.tsx";
import type { PeopleDeps } from "./people-deps.ts";

/** One answer in two forms: for programs, and for people who sent the page's form. */
export interface BothReply {
  status: number;
  body: unknown;
  page: () => HttpReply;
}

/**
 * Any site may offer a sign-up of its own: there is no cookie to ride on, and an answer holds nothing that is not
 * public.
 */
const FOR_ALL = { "access-control-allow-origin": "*" } as const;

/** Runs a POST for programs (JSON) and for the page's form (HTML), refusals included. */
export function forBoth(
  deps: Pick<PeopleDeps, "pageUrl" | "smsCountries">,
  run: (request: HttpRequest) => Promise<BothReply>,
): HttpRoute["run"] {
  return async (request) => {
    const asForm = isForm(request);
    try {
      const reply = await run(request);
      if (asForm) return reply.page();
      return withHeaders(json(reply.status, reply.body), FOR_ALL);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      if (!asForm) return withHeaders(refuseAsJson(error), FOR_ALL);
      const form = formAddress(request.path, deps.pageUrl);
      const retry = retryOf(request, error, [...deps.smsCountries]);
      return refused(error, deps.pageUrl, form, readerLocale(request.headers, request.text), retry);
    }
  };
}

/** Answers a browser that asks whether another site's script may send JSON. */
export function preflight(path: string): HttpRoute {
  return {
    method: "OPTIONS",
    path,
    run: async () => ({
      status: 204,
      headers: {
        ...FOR_ALL,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "86400",
      },
    }),
  };
}

function isForm({ headers }: HttpRequest): boolean {
  if (headers.accept?.includes("application/json")) return false;
  return headers["content-type"]?.toLowerCase().startsWith("application/x-www-form-urlencoded") ?? false;
}

function withHeaders(reply: HttpReply, headers: Readonly<Record<string, string>>): HttpReply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
