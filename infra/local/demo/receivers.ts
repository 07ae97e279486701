import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import * as z from "zod";

const bodySchema = z.object({
  incident: z.object({ incident_updates: z.array(z.object({ id: z.string() })) }),
});

/** One webhook as it arrived. `updateId`: the newest update in its body; null if its signature or body was wrong. */
interface Receipt {
  webhookId: string;
  updateId: string | null;
  answered: number;
}

export interface Receiver {
  url: string;
  receipts: Receipt[];
  /** Until this is set, signatures cannot be checked. */
  secret: string | null;
}

export interface Receivers {
  all: Receiver[];
  close(): Promise<void>;
}

/** Webhook receivers on loopback that check each signature with an independent library. The first fails its first call. */
export async function startReceivers(count: number): Promise<Receivers> {
  const all: Receiver[] = Array.from({ length: count }, () => ({ url: "", receipts: [], secret: null }));
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const receiver = all[Number(new URL(request.url ?? "/", "http://localhost").pathname.split("/")[2])];
      if (receiver === undefined) return void response.writeHead(404).end();
      const body = Buffer.concat(chunks);
      const challenge = challengeIn(body);
      if (challenge !== null) return void response.end(JSON.stringify({ challenge }));
      const fails = receiver === all[0] && receiver.receipts.length === 0;
      const answered = fails ? 500 : 200;
      const webhookId = String(request.headers["webhook-id"]);
      receiver.receipts.push({
        webhookId,
        answered,
        updateId: verifiedUpdate(receiver, request.headers, body),
      });
      response.writeHead(answered).end();
    });
  });
  const { port } = await listen(server);
  all.forEach((receiver, index) => {
    receiver.url = `http://127.0.0.1:${port}/hook/${index}`;
  });
  return {
    all,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const challengeSchema = z.object({ challenge: z.string() });

/** The text that an endpoint has to repeat when it is registered; null for everything else. */
function challengeIn(body: Buffer): string | null {
  try {
    const parsed = challengeSchema.safeParse(JSON.parse(body.toString("utf8")));
    return parsed.success ? parsed.data.challenge : null;
  } catch {
    return null;
  }
}

function verifiedUpdate(receiver: Receiver, headers: NodeJS.Dict<string | string[]>, body: Buffer): string | null {
  if (receiver.secret === null) return null;
  try {
    const flat = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const parsed = bodySchema.parse(new Webhook(receiver.secret).verify(body.toString("utf8"), flat));
    return parsed.incident.incident_updates[0]?.id ?? null;
  } catch {
    return null;
  }
}

function listen(server: Server): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string")
        return reject(new Error("no port for the webhook receivers"));
      resolve(address);
    });
  });
}
