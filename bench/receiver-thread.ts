import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";
import * as z from "zod";
import { listen } from "../infra/local/listen.ts";

const port = parentPort;
if (port === null) throw new Error("receiver-thread.ts runs as a worker thread only");

const orderSchema = z.object({ count: z.number() });
let missing = 0;
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(204).end();
    missing -= 1;
    if (missing === 0) port.postMessage({ at: Date.now() });
  });
});
port.on("message", (order: unknown) => {
  missing = orderSchema.parse(order).count;
});
port.postMessage({ port: await listen(server, 0) });
