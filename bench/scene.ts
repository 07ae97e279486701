import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { RenderedUpdate, RenderSource } from "../functions/compose/sources.ts";
import { type Catalog, EMPTY_CATALOG } from "../functions/core/component.ts";
import { newId } from "../functions/core/ids.ts";
import type { Update } from "../functions/core/incident.ts";
import { NO_BRANDING, type Page } from "../functions/core/page.ts";
import { type IncidentCommit, openIncident } from "../functions/core/posting.ts";
import { ALL_UPDATES, type Subscriber } from "../functions/core/subscriber.ts";
import type { UpdateRef } from "../functions/send-chunk/channel-sender.ts";

/** One incident just opened, with the texts that its subscribers get. */
export interface Scene {
  page: Page;
  catalog: Catalog;
  commit: IncidentCommit;
  source: RenderSource;
  rendered: RenderedUpdate;
}

const SITE = {
  pageUrl: "https://status.example.com",
  subscriptionsUrl: "https://subscriptions.example.com",
};
const BODY = `We are investigating **elevated error rates** for API requests in all regions. Requests may fail with 5xx
answers or take longer than usual; dashboards and scheduled jobs are affected too.

- Data that was already accepted is safe.
- Retrying with a pause usually succeeds.

The next update follows within 30 minutes.`;

function anId(): string {
  return newId(randomBytes);
}

export async function openedIncident(now = Date.now()): Promise<Scene> {
  const page: Page = {
    id: anId(),
    name: "Example Cloud",
    locale: "en",
    branding: NO_BRANDING,
    timeZone: "Europe/Berlin",
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  const outcome = openIncident(
    {
      pageId: page.id,
      incidentId: anId(),
      updateId: anId(),
      name: "Elevated error rates",
      status: "investigating",
      body: BODY,
      components: {},
      impactOverride: null,
      schedule: null,
      backfilled: false,
      metadata: {},
      deliverNotifications: true,
      displayAt: null,
    },
    EMPTY_CATALOG,
    now,
  );
  if (outcome.outcome !== "ready" || outcome.commit.update === null) throw new Error(outcome.outcome);
  const { incident, update } = outcome.commit;
  const source: RenderSource = { page, catalog: EMPTY_CATALOG, incident, updates: [update], update, now };
  const { renderUpdate } = await renderer();
  return { page, catalog: EMPTY_CATALOG, commit: outcome.commit, source, rendered: await renderUpdate(source, SITE) };
}

/** The update that a scene is about. */
export function updateOf({ commit: { update } }: Scene) {
  if (update === null) throw new Error("the scene has no update");
  return update;
}

/** What names it to a sender. */
export function updateRefOf({ pageId, incidentId, id: updateId, seq }: Update): UpdateRef {
  return { pageId, subject: { kind: "incident", id: incidentId }, updateId, seq };
}

type Renderer = typeof import("../functions/compose/render-update.ts") &
  typeof import("../functions/templates/email/email-skeleton.ts");
let loading: Promise<Renderer> | null = null;

/** The templates: Node strips types, but JSX has to be compiled. */
export function renderer(): Promise<Renderer> {
  loading ??= loadRenderer();
  return loading;
}

async function loadRenderer(): Promise<Renderer> {
  const root = join(import.meta.dirname, "..");
  // Inside the project, where Node finds its packages.
  const folder = await mkdtemp(join(root, "node_modules", ".bench-"));
  try {
    const outfile = join(folder, "render-update.mjs");
    await build({
      stdin: {
        contents: `export * from "./functions/compose/render-update.ts";
          export * from "./functions/templates/email/email-skeleton.ts";`,
        resolveDir: root,
      },
      outfile,
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      jsx: "automatic",
      jsxImportSource: "preact",
    });
    const loaded: Renderer = await import(pathToFileURL(outfile).href);
    return loaded;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Confirmed an hour before the update, subscribed to all of the page. */
function subscriberOf(pageId: string, now: number) {
  const since = now - 3_600_000;
  return {
    pageId,
    id: anId(),
    state: "active" as const,
    scopes: { page: true, components: [], incidents: [] },
    preferences: ALL_UPDATES,
    locale: "en" as const,
    pausedAt: null,
    createdAt: since,
    updatedAt: since,
    confirmedAt: since,
    quarantinedAt: null,
    unsubscribedAt: null,
    confirmTokenHash: null,
  };
}

export function emailSubscriber(pageId: string, now = Date.now()): Subscriber {
  const subscriber = subscriberOf(pageId, now);
  return { ...subscriber, channel: "email", email: `${subscriber.id}@subscriber.example` };
}

export function smsSubscriber(pageId: string, now = Date.now()): Subscriber {
  const subscriber = subscriberOf(pageId, now);
  const digits = String(Number.parseInt(subscriber.id.slice(-10), 36) % 1e9).padStart(9, "0");
  return { ...subscriber, channel: "sms", phone: `+4915${digits}`, country: "DE" };
}

/** Its endpoint is a path of its own below `url`. */
export function webhookSubscriber(pageId: string, url: string, now = Date.now()): Subscriber {
  const subscriber = subscriberOf(pageId, now);
  const endpoint = `${url}/${subscriber.id}`;
  return {
    ...subscriber,
    channel: "webhook",
    endpoint,
    contactEmail: null,
    format: "statuspage" as const,
    statuses: null,
    secretVersion: 1,
  };
}
