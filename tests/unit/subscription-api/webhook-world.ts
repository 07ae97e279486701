import { z } from "zod";
import { probeWorkSchema } from "../../../functions/core/queued-work.ts";
import type { WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import { probeEndpoint } from "../../../functions/send-webhook/probe.ts";
import { linkIn, PAGE_ID, subscriptionWorld } from "./subscription-world.ts";

export const ENDPOINT = "https://receiver.example.org/hook";
export const CONTACT = "ops@example.org";

const registeredSchema = z.object({ id: z.string(), state: z.string(), signing_secret: z.string().nullable() });

/** What an endpoint answers; by default it echoes challenges and takes the rest. */
export type Answer = (posted: { headers: Record<string, string>; body: string }) => { status: number; text: string };

const challengeSchema = z.object({ challenge: z.string() });
export const echoing: Answer = ({ body }) => {
  const { success, data } = challengeSchema.safeParse(JSON.parse(body));
  return success ? { status: 200, text: JSON.stringify({ challenge: data.challenge }) } : { status: 204, text: "" };
};

/** The public API with what an integrator does, and the sender's own probing behind it. */
export async function webhookWorld() {
  const world = await subscriptionWorld();
  const posted: { endpoint: string; headers: Record<string, string>; body: string }[] = [];
  let answer: Answer = echoing;
  let replays = 0;

  async function stored(): Promise<WebhookSubscriber> {
    const found = await world.find("webhook", ENDPOINT);
    if (found?.channel !== "webhook") throw new Error("no such endpoint");
    return found;
  }

  return {
    ...world,
    posted,
    stored,
    answers(next: Answer) {
      answer = next;
    },
    replays: () => replays,
    async register(fields: object = {}) {
      const reply = await world.send("POST", "/subscriptions/webhooks", {
        json: { endpoint: ENDPOINT, email: CONTACT, ...fields },
      });
      return {
        reply,
        ...(reply.status === 201 ? registeredSchema.parse(reply.json) : { id: "", state: "", signing_secret: null }),
      };
    },
    /** Lets the senders work: mails that arrived, and probes posted. */
    async work(): Promise<string[]> {
      const before = world.reached.length;
      for (let work = world.queues.receive(); work !== null; work = world.queues.receive()) {
        const body: unknown = JSON.parse(work.body);
        const probe = probeWorkSchema.safeParse(body);
        if (probe.success) {
          await probeEndpoint(probe.data, {
            ...world,
            probes: world.queues.ports,
            letters: world.queues.ports,
            clock: world.now,
            https: {
              async post({ endpoint, headers, body: text }) {
                const sent = { endpoint, headers: { ...headers }, body: text };
                posted.push(sent);
                const { status, text: head } = answer(sent);
                const exchange = { at: world.now(), ms: 12, status, head };
                return status < 300
                  ? { outcome: "accepted", providerId: null, exchange }
                  : { outcome: "unavailable", reason: `http ${status}`, retryAfterMs: null, exchange };
              },
            },
          });
        } else if (work.queue === "letters") {
          await world.deliver(work.body);
        } else {
          replays += 1;
        }
        work.settle(true);
      }
      return world.reached.slice(before).map(({ text }) => text);
    },
    /** Registered and confirmed; the path of its portal. */
    async open(fields: object = {}): Promise<string> {
      await this.register(fields);
      const mails = await this.work();
      const path = linkIn(
        mails.find((mail) => mail.includes("portal ")),
        "portal",
      );
      await world.send("POST", `${path}/contact`);
      return path;
    },
    pageId: PAGE_ID,
  };
}
