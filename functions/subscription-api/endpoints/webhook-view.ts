import { hearsNothing, presentScopes } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import type { Page } from "../../core/page.ts";
import { purgeAtOf, type WebhookSubscriber } from "../../core/subscriber.ts";
import { isoInZone } from "../../core/zoned-time.ts";

/** An endpoint as its integrator sees it, in the words of the registration. No token, hash or secret. */
export function presentWebhook(subscriber: WebhookSubscriber, { timeZone }: Page, catalog: Catalog) {
  const time = (instant: number | null) => (instant === null ? null : isoInZone(instant, timeZone));
  const { health } = subscriber;
  const scopes = presentScopes(subscriber.scopes, catalog);
  const isNothing = hearsNothing(scopes, catalog);
  return {
    id: subscriber.id,
    state: subscriber.state,
    endpoint: subscriber.endpoint,
    email: subscriber.contactEmail,
    format: subscriber.format,
    component_ids: scopes.components.length === 0 && !isNothing ? null : scopes.components,
    incident_ids: scopes.incidents.length === 0 ? null : scopes.incidents,
    hears_nothing: isNothing,
    statuses: subscriber.statuses,
    minimum_impact: subscriber.preferences.minimumImpact,
    locale: subscriber.locale,
    secret_version: subscriber.secretVersion,
    registered_at: time(subscriber.createdAt),
    // The time at which a registration that proves nothing, or an endpoint in quarantine, is removed.
    expires_at: time(purgeAtOf(subscriber)),
    confirmed_at: time(subscriber.confirmedAt),
    paused_at: time(subscriber.pausedAt),
    quarantined_at: time(subscriber.quarantinedAt),
    unsubscribed_at: time(subscriber.unsubscribedAt),
    failing_since: time(health?.since ?? null),
    next_attempt_at: time(health?.nextAttemptAt ?? null),
  };
}
