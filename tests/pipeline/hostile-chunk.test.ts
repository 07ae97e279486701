import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { Delivery } from "../../functions/core/delivery.ts";
import { NO_BRANDING } from "../../functions/core/page.ts";
import { openIncident } from "../../functions/core/posting.ts";
import type { WebhookSubscriber } from "../../functions/core/subscriber.ts";
import { guardedHttps } from "../../functions/providers/https.ts";
import type { SendDeps } from "../../functions/send-chunk/channel-sender.ts";
import { unpaced } from "../../functions/send-chunk/pace.ts";
import { runChunk } from "../../functions/send-chunk/run-chunk.ts";
import { webhookSender } from "../../functions/send-webhook/webhook-sender.ts";
import { anId, aSubscriber, ready } from "../contract/samples.ts";
import { memoryAccessStore } from "../fakes/memory-access-store.ts";
import { memoryLedger } from "../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../fakes/memory-subscriber-store.ts";
import { memoryQueues } from "../fakes/queues.ts";
import { BOUNDS, closeEndpoints, head, hostileCases, serve, sockets } from "../fixtures/hostile-endpoints.ts";

afterEach(closeEndpoints);

/** How a delivery stands after its first attempt, by how the attempt ended. */
const STANDING: Record<string, Partial<Delivery>> = {
  accepted: { state: "accepted" },
  gone: { state: "failed" },
  unavailable: { state: "retrying" },
  unknown: { state: "retrying" },
};

it("a chunk of hostile endpoints ends with each in its state, and the healthy one among them was told meanwhile", async () => {
  const ledger = memoryLedger();
  const status = memoryStatusStore({ putNotice: (notice) => ledger.putNotice(notice) });
  const subscribers = memorySubscriberStore();
  const clock = Date.now;
  const pageId = anId();
  const access = memoryAccessStore({ random: randomBytes, pages: [pageId] });
  const now = clock();
  await status.createPage({
    id: pageId,
    name: "Example",
    locale: "en",
    branding: NO_BRANDING,
    timeZone: "UTC",
    version: 1,
    createdAt: now,
    updatedAt: now,
  });

  const subscribe = async (endpoint: string): Promise<WebhookSubscriber> => {
    const { email: _, ...common } = aSubscriber(pageId, { confirmedAt: now });
    const contact = { endpoint, contactEmail: null, format: "statuspage", statuses: null, secretVersion: 1 } as const;
    const subscriber: WebhookSubscriber = { ...common, channel: "webhook", ...contact };
    await subscribers.create(subscriber);
    return subscriber;
  };
  const hostile = await Promise.all(
    hostileCases.map(async (one) => ({ ...one, subscriber: await subscribe(await serve(one.answer)) })),
  );
  let openMeanwhile = 0;
  const healthy = await subscribe(
    await serve((socket) => {
      openMeanwhile = sockets.size - 1;
      socket.end(head("204 No Content"));
    }),
  );

  const incidentId = anId();
  const commit = ready(
    openIncident(
      {
        pageId,
        incidentId,
        updateId: anId(),
        name: "Outage",
        status: "investigating",
        body: "We are looking into it.",
        components: {},
        impactOverride: null,
        schedule: null,
        backfilled: false,
        metadata: {},
        deliverNotifications: true,
        displayAt: null,
      },
      { version: 0, components: [], groups: [] },
      now,
    ),
  );
  await status.commitIncident(commit);
  const updateId = commit.update?.id ?? "";
  await ledger.keepRendering(
    { pageId, updateId, format: "webhook", locale: null },
    { parts: ['{"incident":{}}'], slots: [] },
    now,
  );

  const queues = memoryQueues(clock).ports;
  const deps: SendDeps = {
    status,
    subscribers,
    ledger,
    queues,
    sender: webhookSender({
      ledger,
      access,
      subscribers,
      https: guardedHttps("any", BOUNDS),
      quarantines: queues,
      clock,
    }),
    pace: unpaced(clock, (milliseconds) => sleep(milliseconds)),
    clock,
    jitter: () => 0.5,
  };
  const subject = { kind: "incident", id: incidentId } as const;
  const chunk = { pageId, subject, updateId, seq: 1, channel: "webhook", chunk: 0, of: 1, resend: 0 } as const;
  expect(await runChunk({ kind: "chunk", ...chunk }, deps)).toEqual({ outcome: "finished" });

  const all = ledger.allDeliveries();
  const of = (subscriber: WebhookSubscriber) => all.find(({ subscriberId }) => subscriberId === subscriber.id);
  expect(of(healthy)).toMatchObject({ state: "accepted", exchanges: [{ status: 204 }] });
  const slow = hostileCases.filter(({ name }) => name === "never answers" || name.startsWith("drips header"));
  expect(openMeanwhile).toBeGreaterThanOrEqual(slow.length);
  for (const { name, outcome, subscriber } of hostile) {
    expect(of(subscriber), name).toMatchObject(STANDING[outcome.outcome] ?? {});
    if (outcome.outcome === "gone") {
      expect(await subscribers.get(pageId, "webhook", subscriber.id)).toMatchObject({ state: "unsubscribed" });
    }
  }
  const asksToWait = of(hostile.find(({ name }) => name === "asks to come again later")?.subscriber ?? healthy);
  expect((asksToWait?.nextAttemptAt ?? 0) - (asksToWait?.updatedAt ?? 0)).toBe(90_000);
});
