import * as z from "zod/mini";
import { newId } from "../../core/ids.ts";
import type { WebhookSubscriber } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { webhookSecret } from "../../core/webhook-signature.ts";
import { count, fieldsIn, optional } from "../../lambda/input.ts";
import { HttpProblem } from "../../lambda/problem.ts";
import { changeSubscriber } from "../../subscriptions/change-subscriber.ts";
import { askForProof, newProof, sendProbe } from "./challenge.ts";
import { type ContactMail, contactMail, isContactProven } from "./contact-letter.ts";
import { countOrRefuse } from "./count-or-refuse.ts";
import type { Portal } from "./portal-access.ts";
import { filterFrom } from "./portal-filter.ts";
import { countProof } from "./register-webhook.ts";
import type { WebhookDeps } from "./webhook-deps.ts";

const MINUTE_MS = 60_000;
const TESTS = { most: 10, windowMs: 60 * MINUTE_MS };
/** For how long a repeated rotation, as by reloading the page, shows what the first one did. */
const REPEAT_MS = 10 * MINUTE_MS;

/** Queues a test and returns its id. Throws 409 and 429. */
export async function sendTest(deps: WebhookDeps, portal: Portal): Promise<string> {
  const { subscriber, now } = portal;
  switch (subscriber.state) {
    case "unsubscribed":
      throw new HttpProblem(409, "The endpoint is unsubscribed: nothing is sent to it");
    case "unconfirmed":
      throw new HttpProblem(409, "The endpoint is not confirmed yet: try it out with its challenge");
    case "active":
    case "quarantined":
      break;
    default:
      return unreachable(subscriber.state);
  }
  const refusal = "Too many tests within an hour: try again later";
  await countOrRefuse(deps, { counter: `tests|${subscriber.id}`, limit: TESTS, refusal }, now);
  return sendProbe(deps, portal, subscriber, { probe: "test" });
}

const rotationSchema = z.object({ from: optional(count) });

/**
 * Makes the new secret. `from` is the version that it replaces: asked again, it does not rotate again. Throws 409 and
 * 422.
 */
export async function rotateSecret(
  deps: WebhookDeps,
  { subscriber, key, now }: Portal,
  body: unknown,
): Promise<string> {
  if (subscriber.format !== "statuspage") throw new HttpProblem(422, "A chat's webhook has no signing secret");
  const { from = subscriber.secretVersion } = fieldsIn(rotationSchema, body, "");
  const { pageId, id } = subscriber;
  const rotation = { id: newId(deps.random), at: now };
  const rotated = await deps.subscribers.rotateSecret(pageId, id, from, rotation);
  const present = rotated.outcome === "missing" ? null : rotated.subscriber;
  if (present?.channel !== "webhook") throw new HttpProblem(404, "There is no such endpoint");
  const isRepeated = present.secretVersion === from + 1 && now < (present.rotation?.at ?? 0) + REPEAT_MS;
  if (rotated.outcome === "unchanged" && !isRepeated) {
    throw new HttpProblem(409, "The secret has been changed meanwhile: open the page again");
  }
  return webhookSecret(key, pageId, id, present.secretVersion);
}

export function pause(deps: WebhookDeps, portal: Portal): Promise<WebhookSubscriber> {
  return change(deps, portal, (one) => (one.pausedAt === null ? { ...one, pausedAt: portal.now } : null));
}

export function resume(deps: WebhookDeps, portal: Portal): Promise<WebhookSubscriber> {
  return change(deps, portal, (one) => (one.pausedAt === null ? null : { ...one, pausedAt: null }));
}

/** Changes which updates the endpoint gets. Throws 422. */
export async function changeFilter(deps: WebhookDeps, portal: Portal, body: unknown): Promise<WebhookSubscriber> {
  filterFrom(portal.subscriber, body, portal.catalog);
  return change(deps, portal, (one) => {
    const { scopes, statuses, minimumImpact } = filterFrom(one, body, portal.catalog);
    return { ...one, scopes, statuses, preferences: { ...one.preferences, minimumImpact } };
  });
}

/**
 * Asks the endpoint once more to prove whose it is; this is also the way back after quarantine and unsubscription.
 * Throws 409 and 429.
 */
export async function challengeAgain(deps: WebhookDeps, portal: Portal): Promise<WebhookSubscriber> {
  const { endpoint, format, contactEmail, state } = portal.subscriber;
  if (state === "active") throw new HttpProblem(409, "The endpoint is active already");
  await countProof(deps, portal, endpoint, "own link");
  let mail: ContactMail = "withhold";
  if (format !== "statuspage") {
    const isProven = isContactProven(portal.subscriber);
    if (contactEmail !== null) {
      mail = await contactMail(deps, portal, { email: contactEmail, isProven }, "own link");
    }
    if (mail !== "send") throw new HttpProblem(429, "Your address gets no more mail for now: try again later");
  }
  const proof = newProof(deps, portal.subscriber);
  const waiting = await change(deps, portal, ({ health: _health, quarantineReason: _reason, ...one }) => {
    if (one.state === "active") throw new HttpProblem(409, "The endpoint is active already");
    return {
      ...one,
      state: "unconfirmed",
      confirmTokenHash: proof.hash,
      quarantinedAt: null,
      unsubscribedAt: null,
    };
  });
  await askForProof(deps, portal, waiting, proof, { contact: mail, cause: "own link" });
  return waiting;
}

/** Throws 404 and 409. */
async function change(
  deps: WebhookDeps,
  { subscriber, now }: Portal,
  to: (present: WebhookSubscriber) => WebhookSubscriber | null,
): Promise<WebhookSubscriber> {
  const changed = await changeSubscriber(deps, subscriber, (present) => {
    // We must not change somebody else's registration of it.
    if (present.createdAt !== subscriber.createdAt) throw changedByOthers();
    const next = to(present);
    return next === null ? null : { ...next, updatedAt: now };
  });
  switch (changed.outcome) {
    case "changed":
    case "kept":
      return changed.subscriber;
    case "missing":
      throw new HttpProblem(404, "There is no such endpoint");
    case "contended":
      throw changedByOthers();
  }
}

function changedByOthers(): HttpProblem {
  return new HttpProblem(409, "It is being changed by others: try again");
}
