import type { Component } from "../../functions/core/component.ts";
import { ALL_UPDATES, type Channel, FIRST_AND_LAST, type Subscriber } from "../../functions/core/subscriber.ts";

export const PAGE = "page00000000";

/** The component that scenarios about a component change. */
export const COMPONENT: Component = {
  id: "component000",
  name: "API",
  description: null,
  status: "operational",
  position: 1,
  groupId: null,
  showcase: true,
  onlyShowIfDegraded: false,
  startDate: null,
  createdAt: 0,
  updatedAt: 0,
};

const ID_LENGTH = 12;

export function sampleSubscriber(channel: Channel, number: number, now: number): Subscriber {
  const digits = String(number).padStart(2, "0");
  const id = "subscriber".slice(0, ID_LENGTH - digits.length) + digits;
  const common = {
    pageId: PAGE,
    id,
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: now,
    updatedAt: now,
    confirmedAt: now,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
  switch (channel) {
    case "email":
      return { ...common, channel, email: `${id}@subscriber.example` };
    case "sms":
      return {
        ...common,
        channel,
        phone: `+4915100000${digits}`,
        country: "DE",
        preferences: number % 2 === 0 ? ALL_UPDATES : FIRST_AND_LAST,
      };
    case "webhook":
      return {
        ...common,
        channel,
        endpoint: `https://hooks.example/${id}`,
        contactEmail: null,
        format: "statuspage" as const,
        statuses: null,
        secretVersion: 1,
      };
  }
}
