import { newConfirmToken } from "../../../functions/core/confirm-token.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import { subscriberToken } from "../../../functions/core/signature.ts";
import { ALL_UPDATES, type EmailSubscriber } from "../../../functions/core/subscriber.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { subscriptionApi } from "../../../functions/subscription-api/api.ts";
import { httpClient } from "../../fakes/http-client.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";

export const PAGE_ID = "dracooncloud";
export const SUBSCRIBER_ID = "adaadaadaada";
export const START = Date.UTC(2025, 6, 7, 10, 5);

/** The public API over stores in memory, with one unconfirmed email subscriber and the links that were mailed to her. */
export async function subscriptionWorld() {
  let now = START;
  const random = seededRandom("subscription-api tests");
  const logged: string[] = [];
  const keep = (line: string) => logged.push(line);
  const status = memoryStatusStore({ putNotice: () => {} });
  const subscribers = memorySubscriberStore();
  const access = memoryAccessStore({ random });
  await status.createPage({
    id: PAGE_ID,
    name: "DRACOON <Cloud>",
    timeZone: "Europe/Berlin",
    version: 1,
    createdAt: START,
    updatedAt: START,
  });
  const subject = { pageId: PAGE_ID, channel: "email" as const, subscriberId: SUBSCRIBER_ID };
  const { token, hash } = newConfirmToken(subject, random);
  const ada: EmailSubscriber = {
    pageId: PAGE_ID,
    id: SUBSCRIBER_ID,
    channel: "email",
    email: "ada@example.org",
    state: "unconfirmed",
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en",
    pausedAt: null,
    createdAt: START,
    updatedAt: START,
    confirmedAt: null,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: hash,
  };
  await subscribers.create(ada);
  const key = await access.currentSigningKey(PAGE_ID);
  const send = httpClient(
    subscriptionApi({
      status,
      subscribers,
      access,
      clock: () => now,
      pageUrl: "https://status.example",
      log: createLogger({}, { info: keep, warn: keep, error: keep }),
    }),
  );
  return {
    send,
    status,
    subscribers,
    access,
    logged,
    ada,
    subject,
    confirmPath: `/confirm/${token}`,
    unsubscribePath: `/unsubscribe/${subscriberToken(key, "unsubscribe", subject)}`,
    key,
    tick: (milliseconds: number) => {
      now += milliseconds;
    },
    stored: () => subscribers.get(PAGE_ID, "email", SUBSCRIBER_ID),
  };
}

export const BUTTON = { body: "from=page", contentType: "application/x-www-form-urlencoded" };
export const ONE_CLICK = { body: "List-Unsubscribe=One-Click", contentType: "application/x-www-form-urlencoded" };
