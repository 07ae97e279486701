import { cutToCost } from "../cut-to-bytes.ts";
import type { UpdateWebhookJson } from "./statuspage-json.ts";

/**
 * The most that a webhook body costs, counted as the topic's subscribers get it: as a text within JSON, where every
 * quotation mark takes two bytes. SNS takes 262,144 bytes of message and attributes together (large-message-payloads in
 * its guide). A queue behind it takes as much for the whole envelope. An item of the ledger holds 400 kB. The rest is
 * for the attributes and the envelope.
 */
export const WEBHOOK_LIMIT_BYTES = 200_000;

/** Limits once the newest update stands alone: for each list of components, and for each text. */
const LIST_LIMIT_BYTES = 30_000;
const TEXT_LIMIT_BYTES = 60_000;

/** What a body has no room for: how many of each. Shortened texts end in an ellipsis. */
interface LeftOut {
  incident_updates: number;
  components: number;
  affected_components: number;
  descriptions: number;
  texts: number;
}

/**
 * A body of the same shape that fits. Its oldest updates go first, then what the newest says of components, then the
 * ends of texts. `meta.left_out` says what is missing, and where all of it is.
 */
export function boundedWebhook(whole: UpdateWebhookJson): UpdateWebhookJson {
  const room = WEBHOOK_LIMIT_BYTES - costOf(whole);
  if (room >= 0) return whole;
  const { incident } = whole;
  const costs = incident.incident_updates.map(costOf);
  let left = costs.reduce((sum, cost) => sum + cost, room - LEFT_OUT_BYTES);
  const kept = incident.incident_updates.filter((_, index) => {
    left -= costs[index] ?? 0;
    return index === 0 || left >= 0;
  });
  const leftOut: LeftOut = {
    incident_updates: incident.incident_updates.length - kept.length,
    components: 0,
    affected_components: 0,
    descriptions: 0,
    texts: 0,
  };
  const shorter = { ...whole, incident: { ...incident, incident_updates: kept } };
  return saying(costOf(shorter) + LEFT_OUT_BYTES <= WEBHOOK_LIMIT_BYTES ? shorter : leastOf(shorter, leftOut), leftOut);
}

/** Room for what `saying` adds. */
const LEFT_OUT_BYTES = 1_000;

function saying(body: UpdateWebhookJson, leftOut: LeftOut): UpdateWebhookJson {
  return { ...body, meta: { ...body.meta, left_out: { ...leftOut, url: `${body.incident.shortlink}.json` } } };
}

/** Keeps only the newest update, with every list and text of it as long as it may be. Counts what it leaves out. */
function leastOf(body: UpdateWebhookJson, leftOut: LeftOut): UpdateWebhookJson {
  const shorten = (text: string) => {
    const cut = cutToCost(text, TEXT_LIMIT_BYTES, costOf);
    if (cut !== text) leftOut.texts += 1;
    return cut;
  };
  const { incident } = body;
  const undescribed = incident.components.map((component) => ({ ...component, description: null }));
  const components = firstOf(undescribed);
  leftOut.components = undescribed.length - components.length;
  leftOut.descriptions = incident.components.filter(({ description }) => description !== null).length;
  const updates = incident.incident_updates.map((update) => {
    const affected = update.affected_components === null ? null : firstOf(update.affected_components);
    leftOut.affected_components += (update.affected_components?.length ?? 0) - (affected?.length ?? 0);
    return { ...update, body: shorten(update.body), affected_components: affected };
  });
  const postmortem = incident.postmortem_body === null ? null : shorten(incident.postmortem_body);
  return {
    ...body,
    incident: { ...incident, components, incident_updates: updates, postmortem_body: postmortem },
  };
}

function firstOf<T>(list: readonly T[]): T[] {
  let room = LIST_LIMIT_BYTES;
  return list.filter((one) => {
    room -= costOf(one);
    return room >= 0;
  });
}

/** Bytes of the value as JSON within JSON, in UTF-8. */
export function costOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value)));
}
