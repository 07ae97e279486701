import { randomUUID } from "node:crypto";
import { buildApp } from "fauxqs";
import * as z from "zod";
import { HOST } from "../listen.ts";
import { REGION } from "../services.ts";
import type { Outbox } from "./outbox.ts";

export interface Fauxqs {
  url: string;
  cacheControlOf(bucket: string, key: string): string | null;
  stop(): Promise<void>;
}

const smsSchema = z.object({ Action: z.literal("Publish"), PhoneNumber: z.string(), Message: z.string() });

/** Queues, topics and the bucket, in memory. SMS, which it does not know, go to the outbox. */
export async function startFauxqs(outbox: Outbox): Promise<Fauxqs> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const cacheControl = new Map<string, string>();
  app.addHook("preHandler", async (request, reply) => {
    if (request.method === "PUT") {
      const value = request.headers["cache-control"];
      if (value !== undefined) cacheControl.set(pathOf(request.url), value);
      return;
    }
    const sms = smsSchema.safeParse(request.body);
    if (!sms.success) return;
    const id = randomUUID();
    outbox.addSms({ to: sms.data.PhoneNumber, text: sms.data.Message });
    return reply.type("text/xml").send(publishResponse(id));
  });
  // Its own command line binds every interface.
  const url = await app.listen({ host: HOST, port: 0 });
  return {
    url,
    cacheControlOf: (bucket, key) => cacheControl.get(`/${bucket}/${key}`) ?? null,
    stop: async () => {
      await app.close();
    },
  };
}

function pathOf(url: string): string {
  return decodeURIComponent(url.split("?", 1)[0] ?? "");
}

function publishResponse(messageId: string): string {
  return `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${messageId}</MessageId></PublishResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></PublishResponse>`;
}
