import { createServer } from "node:http";
import * as z from "zod";
import { closeServer, listen } from "../../infra/local/listen.ts";
import type { Emulator } from "./emulator.ts";

const smsSchema = z.object({
  sms_messages: z.record(z.string(), z.array(z.object({ MessageId: z.string(), Message: z.string() }))),
});

/** Mail and SMS that MiniStack took, as the demo reads them. */
export async function serveOutbox({ url, mails }: Emulator): Promise<{ url: string; close(): Promise<void> }> {
  const sms = new Map<string, { to: string; at: string; text: string }>();
  const server = createServer(async (_, response) => {
    const answer = await fetch(`${url}/_ministack/sns/sms-messages`);
    // They come by number; in the order in which they are first seen here, those of one number are in theirs.
    for (const [to, taken] of Object.entries(smsSchema.parse(await answer.json()).sms_messages)) {
      for (const { MessageId, Message } of taken) {
        if (!sms.has(MessageId)) sms.set(MessageId, { to, at: new Date().toISOString(), text: Message });
      }
    }
    const emails = mails.map(({ id, to, at, raw }) => ({ id, to, at: new Date(at).toISOString(), raw }));
    response.end(JSON.stringify({ emails, sms: [...sms.values()] }));
  });
  const port = await listen(server, 0);
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}
