import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { manageWorld } from "../unit/manage-api/manage-world.ts";

/** What goes wrong with one request. `lost`: it is done, and its answer never arrives. */
export type Mishap = "lost" | "unreachable" | 429 | 503;

/** The real API over stores in memory, on a socket, with a network that fails as told. Close it. */
export async function peopleServer(mishapOf: (request: number) => Mishap | null = () => null) {
  const world = await manageWorld();
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const mishap = mishapOf(paths.length);
    paths.push(request.url ?? "");
    void (async () => {
      const sending = { body: (await buffer(request)).toString("utf8"), headers: headersOf(request) };
      if (mishap === "unreachable") return response.destroy();
      if (typeof mishap === "number") {
        return response.writeHead(mishap, { "retry-after": "7" }).end(JSON.stringify({ error: "not now" }));
      }
      const reply = await world.raw(request.method ?? "GET", request.url ?? "/", sending);
      if (mishap === "lost") return response.destroy();
      return response.writeHead(reply.status, { "content-type": "application/json" }).end(reply.text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    world,
    paths,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}
