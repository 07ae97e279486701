import { addressMac } from "../core/address-mac.ts";
import type { Random } from "../core/clock.ts";
import type { Locale } from "../core/locale.ts";
import { mailboxOf } from "../core/mailbox.ts";
import type { Branding } from "../core/page.ts";
import { DIGEST_AFTER_MS, type Digest, withEndpoint } from "../core/permit.ts";
import { type DigestWork, letterWork, type QuarantineWork } from "../core/queued-work.ts";
import type { WebhookSubscriber } from "../core/subscriber.ts";
import { changePermits, type PermitsChange, type PermitsDeps } from "../permits/change-permits.ts";
import type { LetterQueue, QuarantineQueue } from "../providers/queues.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { StatusStore } from "../store/status/status-store.ts";
import type { SubscriberStore } from "../store/subscribers/subscriber-store.ts";

/** An endpoint in quarantine, as the mail to its contact shows it. */
interface Quarantined {
  /** Host and port. The rest of an endpoint's address is often a secret. */
  host: string;
  failingSince: number;
  quarantinedAt: number;
  reason: string;
}

/** Everything that the mail about endpoints in quarantine is made from. */
export interface QuarantineSource {
  pageName: string;
  branding: Branding;
  timeZone: string;
  locale: Locale;
  /** The endpoints' contact. */
  to: string;
  /** At least one. */
  endpoints: readonly Quarantined[];
}

export interface QuarantineMailDeps extends PermitsDeps {
  status: Pick<StatusStore, "getPage">;
  subscribers: Pick<SubscriberStore, "get" | "getMany">;
  access: PermitsDeps["access"] & Pick<AccessStore, "currentSigningKey">;
  letters: LetterQueue;
  quarantines: QuarantineQueue;
  renderQuarantine: (source: QuarantineSource) => Promise<string>;
  random: Random;
}

/** SQS delays no message for longer. */
const LONGEST_DELAY_MS = 15 * 60_000;

/**
 * Puts an endpoint that is still in quarantine into its contact's digest. The digest's first endpoint sets it going.
 */
export async function gatherQuarantine(work: QuarantineWork, deps: QuarantineMailDeps): Promise<void> {
  const { pageId, subscriberId, failingSince, reason } = work;
  const subscriber = await deps.subscribers.get(pageId, "webhook", subscriberId);
  if (subscriber?.channel !== "webhook" || !isToldOf(subscriber)) return;
  const mac = addressMac(await deps.access.currentSigningKey(pageId), "email", mailboxOf(subscriber.contactEmail));
  const changed = await changePermits(deps, mac, async ({ letters, contact, digest: before }, now) => {
    const { digest, isOpened } = withEndpoint(before, { subscriberId, failingSince, reason }, now);
    return { next: { letters, contact, digest }, answer: isOpened ? digest.dueAt : null };
  });
  await waitUntilDue(changed, { kind: "digest", pageId, mac }, deps);
}

/** If the change opened a digest, it is sent when it is due. */
async function waitUntilDue(
  changed: PermitsChange<number | null>,
  digest: Omit<DigestWork, "dueAt">,
  deps: QuarantineMailDeps,
): Promise<void> {
  if (changed.outcome === "contended") throw new Error("the digest of a mailbox kept changing");
  if (changed.answer !== null) await waitFor({ ...digest, dueAt: changed.answer }, deps);
}

/** Once the hour is over: renders one mail about all endpoints that are still in quarantine, and passes it on. */
export async function passOnDigest(work: DigestWork, deps: QuarantineMailDeps): Promise<void> {
  const { pageId, mac, dueAt } = work;
  if (deps.clock() < dueAt) return waitFor(work, deps);
  const { digest } = await deps.access.getPermits(mac);
  const page = await deps.status.getPage(pageId);
  // Another copy of this work has sent it.
  if (page === null || digest?.dueAt !== dueAt) return;
  const told = await stillInQuarantine(digest, work, deps);
  const [first] = told;
  if (first !== undefined) {
    const { contactEmail: to, locale } = first.subscriber;
    const { name: pageName, branding, timeZone } = page;
    const endpoints = told.map(({ endpoint }) => endpoint);
    const raw = await deps.renderQuarantine({ pageName, branding, timeZone, locale, to, endpoints });
    const content = { cause: "endpoint failing", letter: { about: "quarantine", to }, raw } as const;
    await deps.letters.sendLetter(letterWork(first.subscriber, content, deps.random));
  }
  await forget(digest, work, deps);
}

type Told = WebhookSubscriber & { contactEmail: string };

/** Only contacts that have shown that they are the contact get the mail: somebody else may have named them. */
function isToldOf(subscriber: WebhookSubscriber): subscriber is Told {
  const { state, contactEmail, contactProvenAt } = subscriber;
  return state === "quarantined" && contactEmail !== null && contactProvenAt !== undefined;
}

async function stillInQuarantine({ endpoints }: Digest, { pageId, mac }: DigestWork, deps: QuarantineMailDeps) {
  const ids = endpoints.map(({ subscriberId }) => subscriberId);
  const key = await deps.access.currentSigningKey(pageId);
  const read = await deps.subscribers.getMany(pageId, "webhook", ids);
  return endpoints.flatMap(({ subscriberId, failingSince, reason }) => {
    const subscriber = read.find(({ id }) => id === subscriberId);
    if (subscriber?.channel !== "webhook" || !isToldOf(subscriber)) return [];
    // The endpoint has another contact by now.
    if (addressMac(key, "email", mailboxOf(subscriber.contactEmail)) !== mac) return [];
    const { host } = new URL(subscriber.endpoint);
    const quarantinedAt = subscriber.quarantinedAt ?? failingSince;
    return [{ subscriber, endpoint: { host, failingSince, quarantinedAt, reason } }];
  });
}

function waitFor(work: DigestWork, { quarantines, clock }: QuarantineMailDeps): Promise<void> {
  return quarantines.sendQuarantine(work, Math.min(LONGEST_DELAY_MS, Math.max(0, work.dueAt - clock())));
}

/** Removes the endpoints that the mail was about. Those added in the moment between open a digest of their own. */
async function forget(told: Digest, work: DigestWork, deps: QuarantineMailDeps): Promise<void> {
  const ids = new Set(told.endpoints.map(({ subscriberId }) => subscriberId));
  const changed = await changePermits(deps, work.mac, async ({ letters, contact, digest }, now) => {
    if (digest?.dueAt !== work.dueAt) return { next: null, answer: null };
    const endpoints = digest.endpoints.filter(({ subscriberId }) => !ids.has(subscriberId));
    if (endpoints.length === 0) return { next: { letters, contact }, answer: null };
    const dueAt = now + DIGEST_AFTER_MS;
    return { next: { letters, contact, digest: { dueAt, endpoints } }, answer: dueAt };
  });
  await waitUntilDue(changed, work, deps);
}
