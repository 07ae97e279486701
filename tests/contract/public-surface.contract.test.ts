import { randomBytes } from "node:crypto";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { newConfirmToken } from "../../functions/core/confirm-token.ts";
import { linkToken } from "../../functions/core/link-token.ts";
import { addressOf, type Subscriber } from "../../functions/core/subscriber.ts";
import { subscriberToken } from "../../functions/core/subscriber-token.ts";
import type { TokenSubject } from "../../functions/core/token-form.ts";
import { createLogger } from "../../functions/lambda/logger.ts";
import { dynamoAccessStore } from "../../functions/store/access/dynamo-access.ts";
import { dynamoLedger } from "../../functions/store/deliveries/dynamo-ledger.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import { dynamoSubscriberStore } from "../../functions/store/subscribers/dynamo-subscribers.ts";
import { type SubscriptionDeps, subscriptionApi, subscriptionRoutes } from "../../functions/subscription-api/api.ts";
import { boundOf as portalBound } from "../../functions/subscription-api/endpoints/portal-link.ts";
import { webhookRenderersFor } from "../../functions/subscription-api/endpoints/webhook-renderers.ts";
import { servedPageOf } from "../../functions/subscription-api/page-of.ts";
import { renderersFor } from "../../functions/subscription-api/renderers.ts";
import { httpClient } from "../fakes/http-client.ts";
import { memoryQueues } from "../fakes/queues.ts";
import { describeOnDynamo, type Server } from "./on-both.ts";
import { aPage, aSubscriber, NOW } from "./samples.ts";

const SITE = { pageUrl: "https://status.example", subscriptionsUrl: "https://subs.example" };
const DAY = 24 * 60 * 60_000;
const QUERIES = ["", "?from=page&action=unsubscribe&List-Unsubscribe=One-Click&everything=yes", "?instead=change"];
const BODIES = [
  {},
  {
    body: "List-Unsubscribe=One-Click&action=erase&sure=true&email=a%40example.com",
    contentType: "application/x-www-form-urlencoded",
  },
  { json: { action: "unsubscribe", email: "new@example.com" } },
];

describeOnDynamo("the public API's surface", (server) => {
  test("GET, HEAD and OPTIONS change nothing on any route, whoever's live token of whatever kind is in it", async () => {
    const { client, tables } = server();
    const page = aPage();
    const queues = memoryQueues(() => NOW);
    const status = dynamoStatusStore({ client, statusTable: tables.status, deliveriesTable: tables.deliveries });
    const deps: SubscriptionDeps = {
      status,
      servedPage: servedPageOf(status),
      subscribers: dynamoSubscriberStore({ client, table: tables.subscribers }),
      ledger: dynamoLedger({ client, table: tables.deliveries, random: randomBytes }),
      access: dynamoAccessStore({ client, table: tables.access, random: randomBytes }),
      letters: queues.ports,
      smsLetters: queues.ports,
      resends: queues.ports,
      probes: queues.ports,
      webhookTargets: "public",
      ...webhookRenderersFor({ ...SITE, mailFrom: "status@example.com" }),
      ...renderersFor({ ...SITE, mailFrom: "status@example.com" }),
      ...SITE,
      random: randomBytes,
      clock: () => NOW,
      hasMail: true,
      smsCountries: new Set(["DE"]),
      captcha: null,
      log: createLogger({}, { info() {}, warn() {}, error() {} }),
    };
    await status.createPage(page);
    await dynamoAccessStore({ client, table: tables.access, random: randomBytes }).makeSigningKey(page.id);
    const key = await deps.access.currentSigningKey(page.id);
    const unconfirmed = newConfirmToken(
      { pageId: page.id, channel: "email", subscriberId: "unconfirmed0" },
      randomBytes,
    );
    const subscribers: Subscriber[] = [
      aSubscriber(page.id),
      aSubscriber(page.id, { state: "unsubscribed", unsubscribedAt: NOW }),
      aSubscriber(page.id, {
        id: "unconfirmed0",
        state: "unconfirmed",
        confirmedAt: null,
        confirmTokenHash: unconfirmed.hash,
      }),
      {
        ...aSubscriber(page.id),
        id: "webhookwebho",
        channel: "webhook",
        endpoint: "https://receiver.example/hook",
        format: "statuspage",
        statuses: null,
        contactEmail: "ops@example.com",
        secretVersion: 1,
      },
    ];
    for (const subscriber of subscribers) await deps.subscribers.create(subscriber);
    const tokens = [
      unconfirmed.token,
      ...subscribers.flatMap((subscriber) => {
        const { pageId, channel, id, unsubscribedAt } = subscriber;
        const subject: TokenSubject = { pageId, channel, subscriberId: id };
        return [
          subscriberToken(key, "unsubscribe", subject),
          linkToken(key, "manage", subject, NOW + DAY, addressOf(subscriber)),
          linkToken(key, "manage", subject, NOW + DAY, "ops@example.com"),
          ...(channel === "webhook" ? [linkToken(key, "manage", subject, NOW + DAY, portalBound(subscriber))] : []),
          linkToken(key, "resubscribe", subject, NOW + DAY, String(unsubscribedAt)),
        ];
      }),
    ];

    const send = httpClient(subscriptionApi(deps));
    const before = await everything(server());
    expect(before.subscribers.size).toBeGreaterThan(subscribers.length);
    const answered = new Map<string, Set<number>>();
    const routes = subscriptionRoutes(deps);
    const paths = [...new Set(routes.map(({ path }) => path))];
    for (const path of paths) {
      for (const token of path.includes("{") ? tokens : [""]) {
        const target = path.replace(/\{[^}]+\}/g, token);
        for (const method of ["GET", "HEAD", "OPTIONS"]) {
          for (const query of QUERIES) {
            for (const body of BODIES) {
              const { status } = await send(method, target + query, body);
              const seen = answered.get(path) ?? new Set();
              answered.set(path, seen.add(status));
              expect(status, `${method} ${path}`).toBeLessThan(500);
            }
          }
        }
      }
    }
    expect(await everything(server())).toEqual(before);
    expect(queues.sent).toEqual([]);
    // Each page with a token in its address was met by one that opens it: else the walk would prove nothing.
    const pages = new Set(routes.filter(({ method }) => method === "GET").map(({ path }) => path));
    const unopened = [...pages].filter((path) => path.includes("{") && !answered.get(path)?.has(200));
    expect(unopened).toEqual([]);
  });
});

/** All tables, item by item; of the access table all but its counters. */
async function everything({ client, tables }: Server) {
  const scan = async (TableName: string) => {
    const { Items = [], LastEvaluatedKey } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
    expect(LastEvaluatedKey).toBeUndefined();
    // Attributes come in any order.
    return new Map(Items.map((item) => [`${item.pk?.S} ${item.sk?.S}`, item]));
  };
  const access = await scan(tables.access);
  return {
    status: await scan(tables.status),
    subscribers: await scan(tables.subscribers),
    deliveries: await scan(tables.deliveries),
    access: new Map([...access].filter(([key]) => !key.startsWith("COUNTER#"))),
  };
}
