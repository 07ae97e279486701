import { randomUUID } from "node:crypto";
import { buildApp } from "fauxqs";
import * as z from "zod";
import { REGION } from "../account.ts";
import { HOST } from "../listen.ts";
import { admitOnly } from "../visitors.ts";
import type { Refusal } from "./mail-front.ts";
import type { Outbox } from "./outbox.ts";

export interface Fauxqs {
  url: string;
  cacheControlOf(bucket: string, key: string): string | null;
  /** From now on every SMS is refused; null: they are accepted again. */
  refuseSms(refusal: Refusal | null): void;
  stop(): Promise<void>;
}

const smsSchema = z.discriminatedUnion("Action", [
  z.object({ Action: z.literal("Publish"), PhoneNumber: z.string(), Message: z.string() }),
  z.object({ Action: z.literal("ListPhoneNumbersOptedOut"), nextToken: z.string().optional() }),
]);

/** Holders of such numbers answer STOP to the first SMS that they get. */
const ANSWERS_STOP = /0000$/;
/** SNS's own page. */
const OPT_OUTS_PER_PAGE = 100;

/**
 * Queues, topics and the bucket, in memory. It does not know SMS: they go to the outbox, and opt-outs follow from that.
 */
export async function startFauxqs(outbox: Outbox): Promise<Fauxqs> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const cacheControl = new Map<string, string>();
  let refused: Refusal | null = null;
  app.addHook("preHandler", async (request, reply) => {
    if (request.method === "PUT") {
      const value = request.headers["cache-control"];
      if (value !== undefined) cacheControl.set(pathOf(request.url), value);
      return;
    }
    const sms = smsSchema.safeParse(request.body);
    if (!sms.success) return;
    const optedOut = [...new Set(outbox.sms.map(({ to }) => to).filter((to) => ANSWERS_STOP.test(to)))];
    reply.type("text/xml");
    if (sms.data.Action === "ListPhoneNumbersOptedOut") return reply.send(optOutsAfter(sms.data.nextToken, optedOut));
    const { PhoneNumber, Message } = sms.data;
    if (refused !== null) return reply.code(refused.status).send(refusal(refused.code, refused.message));
    if (optedOut.includes(PhoneNumber)) {
      const message = `Invalid parameter: PhoneNumber Reason: ${PhoneNumber} is opted out`;
      return reply.code(400).send(refusal("InvalidParameter", message));
    }
    outbox.addSms({ to: PhoneNumber, text: Message });
    return reply.send(answerTo("Publish", `<PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult>`));
  });
  // Its own command line binds every interface.
  await app.ready();
  admitOnly("programs", app.server);
  const url = await app.listen({ host: HOST, port: 0 });
  return {
    url,
    refuseSms(next) {
      refused = next;
    },
    cacheControlOf: (bucket, key) => cacheControl.get(`/${bucket}/${key}`) ?? null,
    stop: async () => {
      await app.close();
    },
  };
}

function pathOf(url: string): string {
  return decodeURIComponent(url.split("?", 1)[0] ?? "");
}

const NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/";

function answerTo(action: string, result: string): string {
  return `<${action}Response xmlns="${NAMESPACE}">${result}<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${action}Response>`;
}

/** `token`: the position at which the page begins. */
function optOutsAfter(token: string | undefined, all: readonly string[]): string {
  const begin = Number(token ?? 0);
  const end = begin + OPT_OUTS_PER_PAGE;
  const members = all.slice(begin, end).map((phone) => `<member>${phone}</member>`);
  const next = end < all.length ? `<nextToken>${end}</nextToken>` : "";
  const result = `<phoneNumbers>${members.join("")}</phoneNumbers>${next}`;
  return answerTo(
    "ListPhoneNumbersOptedOut",
    `<ListPhoneNumbersOptedOutResult>${result}</ListPhoneNumbersOptedOutResult>`,
  );
}

function refusal(code: string, message: string): string {
  return `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`;
}
