import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { addressOf, type Subscriber } from "../../core/subscriber.ts";
import { inParallel } from "../../lambda/in-parallel.ts";
import { fieldsIn, flag, optional } from "../../lambda/input.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { sendConfirmation } from "../../subscriptions/confirmation.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "../call.ts";
import { refuseBlocked } from "./blocked.ts";
import { lineOf, type RowContext, readRow } from "./import-row.ts";
import { fieldOf } from "./subscriber-view.ts";

const MOST_ROWS = 500;
/** DynamoDB transactions at once: 500 rows take a second or so, where one after the other might outlast the request. */
const AT_ONCE = 25;

const importSchema = z.object({
  subscribers: z
    .array(z.unknown(), "must be a list of subscribers")
    .check(
      z.minLength(1, "must have at least one row"),
      z.maxLength(MOST_ROWS, `must not have more than ${MOST_ROWS} rows`),
    ),
  confirmed: optional(flag),
  send_confirmations: optional(flag),
});

type Added =
  /** `not sent`: they have to confirm, and their mail could not be queued; resend_confirmation makes up for it. */
  /** `left_out`: the parts of the row that mean nothing on this page. */
  { outcome: "created"; id: string; confirmation?: "not sent"; left_out?: string } | { outcome: "exists"; id: string };
type RowResult = { line: number } & (Added | { outcome: "refused"; field: string | null; problem: string });

/** Tocsin's own: up to 500 subscribers at once. */
export function subscriberImportRoutes(deps: ManageDeps): ManageRoute[] {
  return [
    {
      method: "POST",
      path: "/pages/{page}/subscribers/import",
      scope: "subscribers:write",
      once: true,
      run: (call) => importSubscribers(deps, call),
    },
  ];
}

/** Takes each row by itself: a bad one is refused, and somebody who is there already stays as they are. */
async function importSubscribers(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { subscribers: given, ...input } = fieldsIn(importSchema, call.body, "");
  const context: RowContext = {
    page: call.page,
    now: call.now,
    confirmed: input.confirmed ?? false,
    catalog: await deps.status.getCatalog(call.page.id),
    rules: deps,
    isIncident: incidentsOf(deps, call.page.id),
  };
  const adding: Adding = {
    key: await deps.access.currentSigningKey(call.page.id),
    mails: input.send_confirmations ?? true,
    now: call.now,
    met: new Map(),
    unsent: [],
  };
  // The ids come first and in order: a request that runs again under its key must make the same ones.
  const rows = given.map((row, index) => ({ row, line: lineOf(row, index), id: newId(call.idRandom) }));
  const results = await inParallel(rows, AT_ONCE, async ({ row, line, id }): Promise<RowResult> => {
    try {
      const { subscriber, leftOut } = await readRow(row, id, context);
      const added = await addOnce(deps, subscriber, adding);
      return leftOut === null || added.outcome !== "created"
        ? { line, ...added }
        : { line, ...added, left_out: leftOut };
    } catch (error) {
      return { line, ...refusalOf(error) };
    }
  });
  const count = (outcome: RowResult["outcome"]) => results.filter((each) => each.outcome === outcome).length;
  const counts = { created: count("created"), exists: count("exists"), refused: count("refused") };
  const [fault] = adding.unsent;
  if (fault !== undefined) {
    deps.log.error("confirmations were not queued", fault, { pageId: call.page.id, rows: adding.unsent.length });
  }
  return { status: 200, body: { ...counts, confirmations_not_sent: adding.unsent.length, rows: results } };
}

interface Adding {
  key: SigningKey;
  /** Whether people who have to confirm get their mail at once. */
  mails: boolean;
  now: number;
  /** Addresses that this request has met, and what became of the first row of each. */
  met: Map<string, Promise<Added>>;
  /** Why confirmations could not be sent. */
  unsent: unknown[];
}

/** Somebody who is in a request twice is added once. The second time they are there already, or refused. */
async function addOnce(deps: ManageDeps, subscriber: Subscriber, adding: Adding): Promise<Added> {
  const address = `${subscriber.channel} ${addressOf(subscriber)}`;
  const earlier = adding.met.get(address);
  if (earlier !== undefined) return { outcome: "exists", id: (await earlier).id };
  const added = add(deps, subscriber, adding);
  adding.met.set(address, added);
  return added;
}

async function add(deps: ManageDeps, subscriber: Subscriber, adding: Adding): Promise<Added> {
  await refuseBlocked(deps, adding.key, subscriber, fieldOf(subscriber));
  const { id } = subscriber;
  const created = await deps.subscribers.create(subscriber);
  if (created.outcome === "exists" && created.subscriberId !== id) {
    return { outcome: "exists", id: created.subscriberId };
  }
  if (!adding.mails || subscriber.channel !== "email" || subscriber.state !== "unconfirmed") {
    return { outcome: "created", id };
  }
  // It exists under its own id: an earlier run under the same Idempotency-Key stored it, and may or may not have sent
  // the confirmation.
  if (created.outcome === "exists" && (await wasAsked(deps, subscriber))) return { outcome: "created", id };
  try {
    await sendConfirmation(deps, subscriber, adding.now);
  } catch (error) {
    // This does not fail the request: to run all its rows again would help nobody.
    adding.unsent.push(error);
    return { outcome: "created", id, confirmation: "not sent" };
  }
  return { outcome: "created", id };
}

/** Whether the mail was sent before: another one would make the first one's link void. */
async function wasAsked(deps: ManageDeps, { pageId, channel, id }: Subscriber): Promise<boolean> {
  const stored = await deps.subscribers.get(pageId, channel, id);
  return stored?.state !== "unconfirmed" || stored.confirmTokenHash !== null;
}

/**
 * A refusal of this row. Anything else is a fault of ours and ends the request: the caller should send it again under
 * its key.
 */
function refusalOf(error: unknown): { outcome: "refused"; field: string | null; problem: string } {
  if (!(error instanceof HttpProblem) || error.status !== 422) throw error;
  const [detail] = error.details;
  return { outcome: "refused", field: detail?.field ?? null, problem: detail?.problem ?? error.message };
}

/** Each incident is read once for all rows. */
function incidentsOf(deps: ManageDeps, pageId: string): (incidentId: string) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (incidentId) => {
    const present =
      known.get(incidentId) ?? deps.status.getIncident(pageId, incidentId).then((found) => found !== null);
    known.set(incidentId, present);
    return present;
  };
}
