import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { HOST } from "./listen.ts";

/**
 * Whom a server on this machine answers. A web page that somebody has open can reach every port of their machine: by
 * its own name made to point here (DNS rebinding), which the Host field tells, or across origins, which Origin and
 * Sec-Fetch-Site tell.
 * - `readers`: any page may, as on the internet, where the real thing stands (its CORS headers say how far);
 * - `own pages`: people with a browser, and no other page;
 * - `programs`: what the SDK speaks to; no browser has any business there.
 */
export type Visitors = "readers" | "own pages" | "programs";

/** Every request that `server` gets from now on is checked first. Call it when its own listener is in place. */
export function admitOnly(visitors: Visitors, server: Server): void {
  const listeners = server.listeners("request");
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const refused = refusal(visitors, request);
    if (refused === null) {
      for (const listener of listeners) listener.call(server, request, response);
      return;
    }
    response.writeHead(refused.status, { "content-type": "text/plain; charset=utf-8", connection: "close" });
    response.end(`${refused.why}\n`);
    request.resume();
  });
}

function refusal(visitors: Visitors, request: IncomingMessage): { status: number; why: string } | null {
  const own = ["localhost", HOST, "[::1]"].map((name) => authorityOf(name, request.socket.localPort));
  const { origin } = request.headers;
  // RFC 9110, 15.5.20.
  if (!hostsOf(request).every((host) => own.includes(host.toLowerCase()))) {
    return { status: 421, why: `This server answers for ${own.join(", ")} only.` };
  }
  if (visitors === "readers") return null;
  const site = request.headers["sec-fetch-site"];
  if (visitors === "programs") {
    return origin === undefined && site === undefined ? null : { status: 403, why: "No web page may ask here." };
  }
  const foreign = origin !== undefined && !own.some((name) => origin === `http://${name}`);
  // A link elsewhere may lead here; a picture, a frame or a script elsewhere may not.
  const embedded = site === "cross-site" && request.headers["sec-fetch-mode"] !== "navigate";
  return foreign || embedded ? { status: 403, why: "No other web page may ask here." } : null;
}

/** As browsers write it: without the port where that is http's own. */
function authorityOf(name: string, port: number | undefined): string {
  return port === 80 ? name : `${name}:${port}`;
}

/** Every host that a request names: in each Host field, and in a target with one, which counts before those (RFC 9112, 3.2.2). */
function hostsOf({ url = "", headersDistinct }: IncomingMessage): string[] {
  const target = url.startsWith("/") || url === "*" ? [] : [URL.parse(url)?.host ?? ""];
  return [...(headersDistinct.host ?? [""]), ...target];
}
