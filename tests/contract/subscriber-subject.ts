import { expect } from "vitest";
import type { EmailSubscriber, Subscriber, WebhookSubscriber } from "../../functions/core/subscriber.ts";
import { dynamoSubscriberStore } from "../../functions/store/subscribers/dynamo-subscribers.ts";
import type { SubscriberStore } from "../../functions/store/subscribers/subscriber-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { describeOnBoth } from "./on-both.ts";
import { anId, aSubscriber } from "./samples.ts";

/** A suite that the fake and the real store pass. A test begins with a store that has one subscriber in it, or some. */
export function describeSubscribers(name: string, suite: (given: Given) => void): void {
  describeOnBoth<SubscriberStore>(
    name,
    {
      memory: memorySubscriberStore,
      dynamo: ({ client, tables }) => dynamoSubscriberStore({ client, table: tables.subscribers }),
    },
    (subject) => suite(givenIn(subject)),
  );
}

type Given = ReturnType<typeof givenIn>;

function givenIn(subject: () => SubscriberStore) {
  async function withSubscribers(count: number, overrides: (index: number) => Partial<EmailSubscriber> = () => ({})) {
    const store = subject();
    const pageId = anId();
    const subscribers = Array.from({ length: count }, (_, index) => {
      return aSubscriber(pageId, overrides(index));
    });
    const outcomes = await Promise.all(subscribers.map((subscriber) => store.create(subscriber)));
    expect(outcomes.every(({ outcome }) => outcome === "created")).toBe(true);
    return { store, pageId, subscribers };
  }

  async function withOne(overrides: Partial<EmailSubscriber> = {}) {
    const { store, pageId, subscribers } = await withSubscribers(1, () => overrides);
    const [subscriber] = subscribers;
    if (subscriber === undefined) throw new Error("there is one");
    return { store, pageId, subscriber, id: subscriber.id };
  }

  return { subject, withSubscribers, withOne };
}

export function aWebhook({ email: _, ...common }: EmailSubscriber): WebhookSubscriber {
  return {
    ...common,
    id: anId(),
    channel: "webhook",
    endpoint: "https://example.com/hook",
    contactEmail: null,
    format: "statuspage",
    statuses: null,
    secretVersion: 1,
  };
}

export function ids(subscribers: readonly Subscriber[]): string[] {
  return subscribers.map(({ id }) => id).sort();
}
