import * as z from "zod/mini";
import { addressMac } from "../../core/address-mac.ts";
import { idSchema, newId } from "../../core/ids.ts";
import type { Invitation } from "../../core/invitation.ts";
import { ALL_UPDATES, type Scopes, type WebhookFormat, type WebhookSubscriber } from "../../core/subscriber.ts";
import { webhookSecret } from "../../core/webhook-signature.ts";
import { type HttpReply, type HttpRequest, type HttpRoute, json, parsedBody, refuseAsJson } from "../../lambda/http.ts";
import { fieldsIn, idList, languageField, optional } from "../../lambda/input.ts";
import { HttpProblem, invalid } from "../../lambda/problem.ts";
import { endpointsPerHost, formatAt } from "../../subscriptions/chats.ts";
import { endpointField, endpointOf } from "../../subscriptions/contact.ts";
import { emailField } from "../../subscriptions/email-address.ts";
import { newWebhookSubscriber } from "../../subscriptions/new-subscriber.ts";
import { wishFields } from "../../subscriptions/webhook-wishes.ts";
import { countSource } from "../caps.ts";
import { captchaFields, checkCaptcha } from "../captcha.ts";
import type { Asker } from "../letters.ts";
import { requireMail } from "../require-mail.ts";
import { type Visit, visitOf } from "../visit.ts";
import { askForProof, newProof } from "./challenge.ts";
import { type ContactMail, contactMail } from "./contact-letter.ts";
import { countOrRefuse } from "./count-or-refuse.ts";
import { mailPortalLink } from "./portal-link.ts";
import type { WebhookDeps } from "./webhook-deps.ts";
import { presentWebhook } from "./webhook-view.ts";

const HOUR_MS = 60 * 60 * 1_000;
/** Each proof sends an endpoint up to five posts, perhaps to somebody who never asked for them. */
const PROOFS_PER_ENDPOINT = { most: 5, windowMs: HOUR_MS };

const registrationSchema = z.object({
  endpoint: endpointField,
  email: emailField,
  component_ids: optional(idList.check(z.minLength(1, "must name at least one component"))),
  incident_id: optional(idSchema),
  locale: optional(languageField),
  ...wishFields,
  ...captchaFields,
});
type Registration = z.infer<typeof registrationSchema>;

/** Anybody may register an endpoint. Until it has proved whose it is, only the proof is posted to it (ADR 16). */
export function registrationRoutes(deps: WebhookDeps): HttpRoute[] {
  return [{ method: "POST", path: "/subscriptions/webhooks", run: (request) => answer(deps, request) }];
}

/** For programs only, whatever they send, so refusals are JSON too. */
async function answer(deps: WebhookDeps, request: HttpRequest): Promise<HttpReply> {
  try {
    return await register(deps, request);
  } catch (error) {
    if (error instanceof HttpProblem) return refuseAsJson(error);
    throw error;
  }
}

async function register(deps: WebhookDeps, request: HttpRequest): Promise<HttpReply> {
  const input = fieldsIn(registrationSchema, parsedBody(request), "");
  const endpoint = endpointOf(input.endpoint, deps.webhookTargets, "endpoint");
  const format = formatAt(endpoint, input.format, {
    chosenBy: "anybody",
    webhookTargets: deps.webhookTargets,
    fields: { endpoint: "endpoint", format: "format" },
  });
  // A chat's hook is confirmed by a mail to its contact.
  if (format !== "statuspage") requireMail(deps);
  const visit = await visitOf(deps);
  const { page, key, now } = visit;
  await countSource(deps, visit, "mail", request.source);
  await checkCaptcha(deps, input, request.source);
  const scopes = await scopesOf(deps, page.id, input);

  const found = await deps.subscribers.findByAddress(page.id, "webhook", endpoint);
  const holder = found?.channel === "webhook" ? found : null;
  if (holder?.state === "active") return alreadyRegistered(deps, visit, holder);
  await checkHost(deps, page.id, endpoint);
  await countProof(deps, visit, endpoint, "anybody");
  // A chat's webhook cannot be confirmed without the mail.
  const proofMail: ContactMail =
    format === "statuspage"
      ? "withhold"
      : await contactMail(deps, visit, { email: input.email, isProven: false }, "anybody");

  const { subscriber, proof } = registered(deps, visit, { input, endpoint, format, scopes }, holder);
  if (holder === null) {
    const created = await deps.subscribers.create(subscriber);
    if (created.outcome === "exists") throw registeredMeanwhile();
  } else {
    // Stored beside the present registration: nothing changes before the endpoint proves whose it is.
    await deps.subscribers.invite(page.id, "webhook", holder.id, invitationOf(subscriber, proof.hash, now), now);
  }
  await askForProof(deps, visit, subscriber, proof, { contact: proofMail, cause: "anybody" });
  if (format === "statuspage") await mailPortalLink(deps, visit, { endpoint, subscriber });
  return json(201, {
    ...presentWebhook(subscriber, page, await deps.status.getCatalog(page.id)),
    // A chat verifies nothing, so it needs no secret.
    signing_secret:
      format === "statuspage" ? webhookSecret(key, page.id, subscriber.id, subscriber.secretVersion) : null,
    confirmed_by: proof.by === "echo" ? "challenge" : "mail to the contact",
  });
}

/** A registration, and what its fields mean on this page. */
interface Asked {
  input: Registration;
  endpoint: string;
  format: WebhookFormat;
  scopes: Scopes;
}

/**
 * The endpoint once it has proved whose it is, under the id that it may have had. A person who registered it before
 * knows neither its secret nor its link.
 */
function registered(
  deps: WebhookDeps,
  { page, now }: Visit,
  { input, endpoint, format, scopes }: Asked,
  holder: WebhookSubscriber | null,
) {
  const id = holder?.id ?? newId(deps.random);
  const proof = newProof(deps, { pageId: page.id, channel: "webhook", id, format });
  const fresh = newWebhookSubscriber(
    {
      pageId: page.id,
      id,
      contact: { channel: "webhook", endpoint, contactEmail: input.email, format, statuses: input.statuses ?? null },
      scopes,
      preferences: { ...ALL_UPDATES, minimumImpact: input.minimum_impact ?? ALL_UPDATES.minimumImpact },
      locale: input.locale ?? page.locale,
      confirmed: false,
    },
    // It distinguishes registrations, so it must grow.
    Math.max(now, (holder?.createdAt ?? 0) + 1),
  );
  const secretVersion = holder === null ? fresh.secretVersion : holder.secretVersion + 1 + drawn(deps);
  const subscriber: WebhookSubscriber = { ...fresh, secretVersion, confirmTokenHash: proof.hash };
  return { subscriber, proof };
}

/**
 * Makes the secret nobody else's: of two people who register an endpoint at the same moment, neither may learn the
 * other's secret.
 */
function drawn({ random }: Pick<WebhookDeps, "random">): number {
  return Buffer.from(random(4)).readUInt32BE();
}

function invitationOf(subscriber: WebhookSubscriber, hash: string, now: number): Invitation {
  const { scopes, preferences, locale, contactEmail, format, statuses, secretVersion, createdAt } = subscriber;
  const registration = { contactEmail: contactEmail ?? "", format, statuses, secretVersion, createdAt };
  return { hash, at: now, scopes, preferences, locale, registration };
}

/** Throws 409. Somebody who may change the endpoint reads the contact's mail. */
async function alreadyRegistered(deps: WebhookDeps, visit: Visit, subscriber: WebhookSubscriber): Promise<HttpReply> {
  await mailPortalLink(deps, visit, { endpoint: subscriber.endpoint, subscriber });
  throw new HttpProblem(
    409,
    subscriber.contactEmail === null
      ? "This endpoint is registered already: whoever runs the page can change it"
      : "This endpoint is registered already: its contact can change it by the link that is mailed to them",
  );
}

function registeredMeanwhile(): HttpProblem {
  return new HttpProblem(409, "This endpoint was registered or changed at the same moment: try again");
}

/** Refuses early. The confirmation decides, because it takes the place: nobody holds a place by registering. */
async function checkHost(deps: WebhookDeps, pageId: string, endpoint: string): Promise<void> {
  const most = endpointsPerHost(endpoint);
  const { hostname } = new URL(endpoint);
  if ((await deps.subscribers.countPlaces(pageId, hostname)) < most) return;
  throw invalid("endpoint", `is at a host that has ${most} endpoints already: whoever runs the page can add more`);
}

/**
 * Throws 429. Requests by the contact's link have a count of their own, so that strangers do not keep the contact from
 * coming back.
 */
export async function countProof(deps: WebhookDeps, { key, now }: Visit, endpoint: string, by: Asker): Promise<void> {
  const counter = `proofs|${by}|${addressMac(key, "webhook", endpoint)}`;
  const refusal = "This endpoint was tried too often: try again later";
  await countOrRefuse(deps, { counter, limit: PROOFS_PER_ENDPOINT, refusal }, now);
}

async function scopesOf(
  deps: WebhookDeps,
  pageId: string,
  { component_ids: components = [], incident_id }: Registration,
): Promise<Scopes> {
  await checkComponents(deps, pageId, components);
  if (incident_id !== undefined) {
    const incident = await deps.status.getIncident(pageId, incident_id);
    if (incident === null || incident.withdrawnAt !== null)
      throw invalid("incident_id", "is not an incident of the page");
  }
  const incidents = incident_id === undefined ? [] : [incident_id];
  return { page: components.length === 0 && incidents.length === 0, components, incidents };
}

/** Throws a 422 that names the ids that are no components of the page. */
async function checkComponents(deps: WebhookDeps, pageId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const catalog = await deps.status.getCatalog(pageId);
  const known = new Set(catalog.components.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  if (unknown.length > 0) throw invalid("component_ids", `has no components of the page: ${unknown.join(", ")}`);
}
