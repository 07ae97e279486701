import { expect } from "vitest";
import { z } from "zod";
import { readableTexts } from "../../../functions/compose/render-update.ts";
import { type ApiKey, type ApiScope, apiScopes } from "../../../functions/core/api-key.ts";
import { sha256Hex } from "../../../functions/core/ids.ts";
import type { Notice } from "../../../functions/core/notice.ts";
import { NO_BRANDING, type Page } from "../../../functions/core/page.ts";
import { type LetterWork, letterWorkSchema, type RetryWork } from "../../../functions/core/queued-work.ts";
import { seededRandom } from "../../../functions/core/seeded-random.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { manageApi } from "../../../functions/manage-api/api.ts";
import type { ManageDeps } from "../../../functions/manage-api/call.ts";
import { httpClient, type Reply, type Sending } from "../../fakes/http-client.ts";
import { memoryAccessStore } from "../../fakes/memory-access-store.ts";
import { memoryKeyStore } from "../../fakes/memory-key-store.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memoryStatusStore } from "../../fakes/memory-status-store.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";

export const PAGE: Page = {
  id: "dracooncloud",
  name: "DRACOON Cloud",
  locale: "en",
  branding: NO_BRANDING,
  timeZone: "Europe/Berlin",
  version: 1,
  createdAt: Date.UTC(2025, 0, 1),
  updatedAt: Date.UTC(2025, 0, 1),
};
export const START = Date.UTC(2025, 6, 7, 10, 5);
export const SECRET = "s3cr3ts3cr3ts3cr3ts3cr3t";
export const KEY = `tcn_operator_${SECRET}`;

const idAnswer = z.object({ id: z.string() });

/** The API over stores in memory, with one page and a key that may do everything. */
export async function manageWorld(overrides: Partial<ManageDeps> = {}) {
  let now = START;
  const random = seededRandom("manage-api tests");
  const notices = new Map<string, Notice>();
  const ledger = memoryLedger();
  const queued: RetryWork[] = [];
  const mails: LetterWork[] = [];
  const logged: string[] = [];
  const status = memoryStatusStore({
    putNotice: (notice) => {
      notices.set(notice.updateId, notice);
      ledger.putNotice(notice);
    },
  });
  const subscribers = memorySubscriberStore();
  const access = memoryAccessStore({ random, pages: [PAGE.id] });
  const keys = memoryKeyStore();
  await status.createPage(PAGE);
  const addKey = (id: string, scopes: readonly ApiScope[], rest: Partial<ApiKey> = {}) =>
    keys.putKey(
      {
        id,
        pageId: PAGE.id,
        name: id,
        secretHash: sha256Hex(SECRET),
        previous: null,
        scopes: [...scopes],
        createdBy: null,
        createdAt: START,
        rotatedAt: null,
        rotatedBy: null,
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
        previousUsedAt: null,
        version: 1,
        ...rest,
      },
      null,
    );
  await addKey("operator", apiScopes);

  const deps: ManageDeps = {
    status,
    subscribers,
    access,
    keys,
    ledger,
    resends: {
      sendRetry: async (work) => {
        queued.push(work);
      },
    },
    previewTexts: (source) =>
      readableTexts(source, {
        pageUrl: "https://status.example",
        subscriptionsUrl: "https://subs.example",
      }),
    letters: {
      sendLetter: async (work) => {
        mails.push(letterWorkSchema.parse(work));
      },
    },
    renderConfirmation: async ({ pageName, to, token }) => `${pageName} to ${to}: ${token}`,
    clock: () => now,
    random,
    sleep: async () => {},
    jitter: () => 0.5,
    pageUrl: "https://status.example",
    hasMail: true,
    smsCountries: new Set(["DE", "AT"]),
    smsMaxPriceUsd: 0.15,
    smsDailyCeilingUsd: 20,
    webhookTargets: "public",
    log: createLogger(
      {},
      { info: logged.push.bind(logged), warn: logged.push.bind(logged), error: logged.push.bind(logged) },
    ),
    ...overrides,
  };
  const raw = httpClient(manageApi(deps));
  /** As the operator; every answer is searched for what must never leave. */
  const send = async (method: string, path: string, sending: Sending = {}): Promise<Reply> => {
    const headers = { authorization: `OAuth ${KEY}`, ...sending.headers };
    const reply = await raw(method, `/v1${path}`, { ...sending, headers });
    expect(reply.text).not.toContain(sha256Hex(SECRET));
    expect(reply.text).not.toMatch(/secretHash|confirmToken|tokenHash/i);
    return reply;
  };
  const at = `/pages/${PAGE.id}`;

  return {
    deps,
    status,
    subscribers,
    access,
    keys,
    notices,
    ledger,
    queued,
    mails,
    logged,
    raw,
    send,
    addKey,
    at,
    tick: (milliseconds: number) => {
      now += milliseconds;
    },
    get: (path: string) => send("GET", `${at}${path}`),
    post: (path: string, json: unknown, headers: Record<string, string> = {}) =>
      send("POST", `${at}${path}`, { json, headers }),
    patch: (path: string, json: unknown, headers: Record<string, string> = {}) =>
      send("PATCH", `${at}${path}`, { json, headers }),
    put: (path: string, json?: unknown) => send("PUT", `${at}${path}`, json === undefined ? {} : { json }),
    remove: (path: string) => send("DELETE", `${at}${path}`),
    /** Everything the stores hold, to compare before and after. */
    async snapshot() {
      const page = await status.getPage(PAGE.id);
      const catalog = await status.getCatalog(PAGE.id);
      const incidents = (await status.listIncidents(PAGE.id, 1_000, null)).items;
      const updates = await Promise.all(incidents.map(({ id }) => status.listUpdates(PAGE.id, id)));
      const people = await Promise.all(
        (["email", "sms", "webhook"] as const).map(
          async (channel) => (await subscribers.list(PAGE.id, channel, 1_000, null)).items,
        ),
      );
      return structuredClone({ page, catalog, incidents, updates, people, notices: [...notices.values()], mails });
    },
    async component(name: string, more: Record<string, unknown> = {}): Promise<string> {
      return idOf(await send("POST", `${at}/components`, { json: { component: { name, ...more } } }));
    },
    async incident(more: Record<string, unknown> = {}): Promise<string> {
      const json = { incident: { name: "Partial Outage", body: "We are looking into it.", ...more } };
      return idOf(await send("POST", `${at}/incidents`, { json }));
    },
    async resolvedIncident(): Promise<string> {
      return this.incident({ status: "resolved", body: "Over." });
    },
  };
}

export function idOf(reply: Reply): string {
  expect(reply.status, reply.text).toBeLessThan(300);
  return idAnswer.parse(reply.json).id;
}

/** The ids of the rows of a list. */
export function idsOf(reply: Reply): string[] {
  expect(reply.status, reply.text).toBe(200);
  return z
    .array(idAnswer)
    .parse(reply.json)
    .map(({ id }) => id);
}

export const incidentAnswer = z.looseObject({
  id: z.string(),
  incident_updates: z.array(z.looseObject({ id: z.string(), status: z.string(), body: z.string() })),
});
