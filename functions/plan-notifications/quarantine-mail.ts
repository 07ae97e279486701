import type { Random } from "../core/clock.ts";
import { newId } from "../core/ids.ts";
import type { Locale } from "../core/locale.ts";
import type { Branding } from "../core/page.ts";
import type { QuarantineWork } from "../core/queued-work.ts";
import type { LetterQueue } from "../providers/queues.ts";
import type { StatusStore } from "../store/status.ts";
import type { SubscriberStore } from "../store/subscribers.ts";

/** All that the mail about an endpoint in quarantine is made from. */
export interface QuarantineSource {
  pageName: string;
  branding: Branding;
  timeZone: string;
  locale: Locale;
  /** The endpoint's contact. */
  to: string;
  /** Host and port. The rest of an endpoint's address is often a secret. */
  host: string;
  failingSince: number;
  quarantinedAt: number;
  reason: string;
}

export interface QuarantineMailDeps {
  status: Pick<StatusStore, "getPage">;
  subscribers: Pick<SubscriberStore, "get">;
  letters: LetterQueue;
  renderQuarantine: (source: QuarantineSource) => Promise<string>;
  random: Random;
}

/** Renders the mail for an endpoint's contact and passes it on, if the endpoint is in quarantine still. */
export async function passOnQuarantine(work: QuarantineWork, deps: QuarantineMailDeps): Promise<void> {
  const { pageId, subscriberId, failingSince, reason } = work;
  const [page, subscriber] = await Promise.all([
    deps.status.getPage(pageId),
    deps.subscribers.get(pageId, "webhook", subscriberId),
  ]);
  if (page === null || subscriber?.channel !== "webhook" || subscriber.state !== "quarantined") return;
  const { endpoint, contactEmail, quarantinedAt } = subscriber;
  if (contactEmail === null || quarantinedAt === null) return;
  const raw = await deps.renderQuarantine({
    pageName: page.name,
    branding: page.branding,
    timeZone: page.timeZone,
    locale: subscriber.locale,
    to: contactEmail,
    host: new URL(endpoint).host,
    failingSince,
    quarantinedAt,
    reason,
  });
  await deps.letters.sendLetter({
    kind: "letter",
    pageId,
    channel: "webhook",
    subscriberId,
    letterId: newId(deps.random),
    cause: "endpoint failing",
    letter: { about: "quarantine", quarantinedAt },
    raw,
  });
}
