import { expect, it } from "vitest";
import { contactOf, newSubscriberSchema } from "../../functions/subscriptions/contact.ts";
import { newSubscriber } from "../../functions/subscriptions/new-subscriber.ts";
import { PAGE } from "./samples.ts";
import { createWorld } from "./world.ts";

const rules = { hasMail: true, smsCountries: new Set<string>(), webhookTargets: "public" } as const;
const WHOLE_PAGE = { page: true, components: [], incidents: [] };

it.each([
  ["https://hooks.slack.com/services/T0001/B0001/abc", "blocks"],
  ["https://discord.com/api/webhooks/123/abc?wait=true", "embeds"],
  ["https://prod-1.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?sig=b", "attachments"],
  ["https://receiver.example.com/hook", "incident"],
])("an update reaches %s at once, added without a word on its format", async (endpoint, key) => {
  const world = createWorld();
  await world.start();
  const contact = contactOf(newSubscriberSchema.parse({ endpoint }), rules);
  const added = {
    pageId: PAGE,
    id: "chat00000001",
    contact,
    scopes: WHOLE_PAGE,
    locale: "en",
    confirmed: true,
  } as const;
  await world.subscribers.create(newSubscriber(added, world.clock()));
  world.advance(60_000);
  await world.open();
  await world.settle();
  expect(world.told(endpoint)).toHaveLength(1);
  expect(JSON.parse(world.told(endpoint)[0]?.text ?? "")).toHaveProperty(key);
  const { items } = await world.ledger.listSubscriberDeliveries(PAGE, added.id, 10, null);
  expect(items).toMatchObject([{ state: "accepted", attempts: 1 }]);
});
