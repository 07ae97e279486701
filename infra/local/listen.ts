import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:http";
import { codeOf, oneLine, StartFailure } from "./failure.ts";

export const HOST = "127.0.0.1";

/** Returns the port. Throws StartFailure if it is taken. */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenFailure(error, port)));
    server.listen(port, HOST, () => resolve());
  });
  return portOf(server);
}

function listenFailure(error: unknown, port: number): StartFailure {
  if (codeOf(error) === "EADDRINUSE") {
    return new StartFailure(`Port ${port} is in use: stop what has it, or choose others with --port`);
  }
  return new StartFailure(`Port ${port} cannot be used: ${oneLine(error)}`);
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server does not listen on a port");
  return address.port;
}

/** Also ends connections that are kept open. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

/** Throws StartFailure if any of the ports is taken, so that a start can say so before it starts anything. */
export async function requireFree(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer();
    await listen(server, port);
    await closeServer(server);
  }
}

/** `count` ports on which nothing listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map((server) => listen(server, 0)));
  await Promise.all(servers.map(closeServer));
  return ports;
}

/** The first of `count` free ports in a row, below those that systems give to outgoing connections (from 32768 on). */
export async function portsInARow(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(20_000, 32_000);
    const servers = Array.from({ length: count }, () => createServer());
    const taken = await Promise.allSettled(servers.map((server, index) => listen(server, first + index)));
    await Promise.all(servers.filter(({ listening }) => listening).map(closeServer));
    if (taken.every(({ status }) => status === "fulfilled")) return first;
  }
}
