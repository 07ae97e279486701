import * as z from "zod";
import { type Outbox, readable, waitForOutbox } from "./outbox-reader.ts";

const registeredSchema = z.object({ id: z.string(), signing_secret: z.string() });
const askedSchema = z.object({ sign_up: z.string() });

/**
 * The public's side: people who sign up and confirm with what they received, and an integrator who registers an
 * endpoint.
 */
export function publicClient({ subscriptions, outbox }: { subscriptions: string; outbox: string }) {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${subscriptions}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  return {
    /** Signs up, reads the mail and presses the button that it leads to. */
    async subscribeByEmail(email: string, wishes: Record<string, unknown> = {}): Promise<void> {
      await post("/subscriptions/email", { email, ...wishes });
      const confirmUrl = await waitForOutbox(outbox, `the confirmation for ${email}`, ({ emails }) =>
        emails
          .filter(({ to }) => to === email)
          .map(({ raw }) => /https?:\/\/\S+\/confirm\/[\w.-]+/.exec(readable(raw))?.[0])
          .find((url) => url !== undefined),
      );
      const confirmed = await fetch(confirmUrl, { method: "POST", body: new URLSearchParams({ from: "page" }) });
      if (!confirmed.ok) throw new Error(`the confirmation of ${email} answered ${confirmed.status}`);
    },

    /** Signs up and types the code that comes. */
    async subscribeByPhone(country: string, number: string, wishes: Record<string, unknown> = {}): Promise<void> {
      const phone = { phone_country: country, phone_number: number };
      const { sign_up } = askedSchema.parse(await post("/subscriptions/sms", { ...phone, ...wishes }));
      const code = await waitForOutbox(outbox, `the code for ${number}`, (sent) => codeFor(sent, number));
      await post("/subscriptions/sms/confirm", { ...phone, code, sign_up });
    },

    /** The endpoint is confirmed once it has repeated its challenge. */
    async registerWebhook(endpoint: string, contact: string): Promise<z.infer<typeof registeredSchema>> {
      return registeredSchema.parse(await post("/subscriptions/webhooks", { endpoint, email: contact }));
    },
  };
}
export type PublicClient = ReturnType<typeof publicClient>;

function codeFor({ sms }: Outbox, number: string): string | undefined {
  return sms
    .filter(({ to }) => to === number)
    .map(({ text }) => /\b\d{6}\b/.exec(text)?.[0])
    .findLast((code) => code !== undefined);
}
