import { type ChannelPreview, previewUpdate, type UpdateTexts } from "../../compose/preview.ts";
import { newId } from "../../core/ids.ts";
import type { Incident, Update } from "../../core/incident.ts";
import { LOCALES } from "../../core/locale.ts";
import type { IncidentCommit } from "../../core/posting.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { fieldsUnder } from "../../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, param } from "../call.ts";
import { timeOfAttempt } from "./commit-with-retry.ts";
import { incidentChangesSchema, newIncidentSchema } from "./incident-input.ts";
import { changeOf, deletedComponents, openingOf, warningsOf } from "./incident-posting.ts";
import { incidentIn } from "./incident-view.ts";

/**
 * Tocsin's own: shows who would get what, before it is posted. It makes the same checks and the same texts; it stores
 * and sends nothing.
 */
export function previewRoutes(deps: ManageDeps): ManageRoute[] {
  const all = "/pages/{page}/incidents";
  return [
    {
      method: "POST",
      path: `${all}/preview`,
      scope: "incidents:write",
      run: (call) => previewOpening(deps, call),
    },
    {
      method: "POST",
      path: `${all}/{incident}/preview`,
      scope: "incidents:write",
      run: (call) => previewChange(deps, call),
    },
  ];
}

async function previewOpening(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", newIncidentSchema, call.body);
  const pageId = call.page.id;
  const ids = { pageId, incidentId: newId(call.idRandom), updateId: newId(call.idRandom) };
  const catalog = await deps.status.getCatalog(pageId);
  const { commit } = openingOf(input, ids, catalog, deps.clock());
  return reply(deps, call, { ...commit, catalog: commit.catalog ?? catalog }, []);
}

async function previewChange(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const input = fieldsUnder("incident", incidentChangesSchema, call.body);
  const incident = await incidentIn(deps, call.page.id, param(call, "incident"));
  const [catalog, earlier] = await Promise.all([
    deps.status.getCatalog(call.page.id),
    deps.status.listUpdates(call.page.id, incident.id),
  ]);
  const change = changeOf(input, newId(call.idRandom), incident, catalog, timeOfAttempt(deps, incident));
  const warnings = warningsOf(deletedComponents(input, incident, catalog));
  if (change.outcome === "unchanged") {
    const told = nobody("Nothing is said and nothing changes: nobody is told");
    return { status: 200, body: { ...head(call, incident), ...told, ...warnings } };
  }
  const { commit } = change;
  const { status, body } = await reply(deps, call, { ...commit, catalog: commit.catalog ?? catalog }, earlier);
  return { status, body: { ...body, ...warnings } };
}

type PreviewedCommit = Pick<IncidentCommit, "incident" | "update"> & {
  catalog: NonNullable<IncidentCommit["catalog"]>;
};

async function reply(
  deps: ManageDeps,
  call: ManageCall,
  { incident, update, catalog }: PreviewedCommit,
  earlier: readonly Update[],
) {
  if (update === null) {
    const reason = "Without a text, or a status with something new, no update is posted, and nobody is told";
    return { status: 200, body: { ...head(call, incident), ...nobody(reason) } };
  }
  const { page, now } = call;
  const source = { page, catalog, incident, updates: [...earlier, update], update, now };
  const { channels, texts, exceedsDailyCeiling } = await previewUpdate(source, deps);
  const { email, sms, webhook } = channels;
  return {
    status: 200,
    body: {
      ...head(call, incident),
      notifies: update.deliverNotifications,
      locale: texts.locale,
      other_locales: LOCALES.filter((locale) => locale !== texts.locale),
      reason: update.deliverNotifications ? null : silence(incident.backfilled),
      channels: {
        email: { ...presentChannel(email), ...texts.email },
        sms: { ...presentChannel(sms), exceeds_daily_ceiling: exceedsDailyCeiling, ...presentSms(texts.sms) },
        webhook: { ...presentChannel(webhook), body: texts.webhook, chat_bodies: texts.chats },
      },
    },
  };
}

/** The room left before the SMS costs another segment is shown in units too: most characters take one. */
function presentSms({ left, ...sms }: UpdateTexts["sms"]) {
  return { ...sms, units_left: left };
}

function head({ page, now }: ManageCall, { name, status, impact }: Incident) {
  return { as_of: isoInZone(now, page.timeZone), incident: { name, status, impact } };
}

function nobody(reason: string) {
  return { notifies: false, reason, channels: null };
}

function silence(backfilled: boolean): string {
  return backfilled ? "Backfilled incidents notify nobody" : "deliver_notifications is false";
}

function presentChannel({ recipients, suppressed, isEstimate, seconds, paused, cost }: ChannelPreview) {
  return {
    recipients,
    suppressed,
    counts_are_estimates: isEstimate,
    estimated_seconds: seconds,
    paused,
    estimated_cost: { usd: cost.usd, at_most_usd: cost.atMostUsd, basis: cost.basis },
  };
}
