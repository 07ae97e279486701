import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { HOST } from "./listen.ts";

/**
 * Whom a server on this machine answers. A web page that somebody has open can reach every port of their machine: by
 * its own name made to point here (DNS rebinding), which shows in the Host field, or across origins, which shows in
 * Origin and Sec-Fetch-Site.
 * - `readers`: any page may ask, as on the internet, where the deployed one is (its CORS headers say how far);
 * - `own pages`: people with a browser, and no other page;
 * - `programs`: the SDK; no browser has any business there.
 */
export type Visitors = "readers" | "own pages" | "programs";

/** Checks every request that `server` gets from now on. Call it when the server's own listener is in place. */
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

/** As browsers write it: without http's own port. */
function authorityOf(name: string, port: number | undefined): string {
  return port === 80 ? name : `${name}:${port}`;
}

/**
 * Every host that a request names: in each Host field, and in an absolute target, which takes precedence over those
 * (RFC 9112, 3.2.2).
 */
function hostsOf({ url = "", headersDistinct }: IncomingMessage): string[] {
  const target = url.startsWith("/") || url === "*" ? [] : [URL.parse(url)?.host ?? ""];
  return [...(headersDistinct.host ?? [""]), ...target];
}
