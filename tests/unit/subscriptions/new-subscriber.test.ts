import { expect, expectTypeOf, test } from "vitest";
import type { EmailSubscriber, SmsSubscriber, WebhookSubscriber } from "../../../functions/core/subscriber.ts";
import { holderOf } from "../../../functions/subscription-api/holder-of.ts";
import {
  newEmailSubscriber,
  newSmsSubscriber,
  newSubscriber,
  newWebhookSubscriber,
} from "../../../functions/subscriptions/new-subscriber.ts";
import { subscriptionWorld } from "../subscription-api/subscription-world.ts";

const NOW = Date.parse("2025-07-08T10:00:00Z");
const common = {
  pageId: "pagepagepage",
  id: "subscriberaa",
  scopes: { page: true, components: [], incidents: [] },
  locale: "en" as const,
  confirmed: false,
};
const email = { channel: "email", email: "ada@example.org" } as const;
const sms = { channel: "sms", phone: "+4915112345678", country: "DE" } as const;
const webhook = {
  channel: "webhook",
  endpoint: "https://example.org/hook",
  contactEmail: null,
  format: "statuspage",
} as const;

test("a contact makes a subscriber of its own channel, and the compiler knows which", () => {
  expectTypeOf(newEmailSubscriber).returns.toEqualTypeOf<EmailSubscriber>();
  expectTypeOf(newSmsSubscriber).returns.toEqualTypeOf<SmsSubscriber>();
  expectTypeOf(newWebhookSubscriber).returns.toEqualTypeOf<WebhookSubscriber>();
  expect(newSubscriber({ ...common, contact: email }, NOW)).toEqual(
    newEmailSubscriber({ ...common, contact: email }, NOW),
  );
  expect(newSubscriber({ ...common, contact: sms }, NOW)).toEqual(newSmsSubscriber({ ...common, contact: sms }, NOW));
  expect(newSubscriber({ ...common, contact: webhook }, NOW)).toEqual(
    newWebhookSubscriber({ ...common, contact: webhook }, NOW),
  );
});

test("a store that finds a number under an address is an error, and never an answer without a letter", async () => {
  const strange = newSmsSubscriber({ ...common, contact: sms }, NOW);
  const subscribers = { ...(await subscriptionWorld()).subscribers, findByAddress: async () => strange };
  const address = { pageId: common.pageId, channel: "email", address: "ada@example.org" } as const;
  await expect(holderOf({ subscribers }, address, "nobodynobody")).rejects.toThrow(
    "subscriber subscriberaa was found by email, and is reached by sms",
  );
});
