import type { ComponentChildren } from "preact";
import type { Exchange } from "../../core/attempt.ts";
import type { Delivery, DeliveryState } from "../../core/delivery.ts";
import type { ProbeKind } from "../../core/subject.ts";
import { isoInZone, zonedTime } from "../../core/zoned-time.ts";
import { componentName } from "../../subscriptions/subject-view.ts";
import { oneLine } from "../../templates/markdown.ts";
import type { Tone } from "../../templates/tone.ts";
import { dateOf } from "../../templates/wording.ts";
import type { Portal } from "./portal-access.ts";
import { type PortalList, type PortalRow, showsAnswers } from "./portal-deliveries.ts";
import { STATUS_LABELS, told } from "./portal-words.ts";

export function Action({
  portal,
  to,
  kind = "",
  label,
  children,
}: {
  portal: Portal;
  to: string;
  kind?: string;
  label: string;
  children?: ComponentChildren;
}) {
  return (
    <form method="post" action={`${portal.path}/${to}`}>
      {children}
      <button type="submit" class={`button ${kind}`}>
        {label}
      </button>
    </form>
  );
}

export function Time({ instant, portal }: { instant: number; portal: Portal }) {
  const { timeZone } = portal.page;
  return <time dateTime={isoInZone(instant, timeZone)}>{told(instant, portal.page)}</time>;
}

const STATES: Record<DeliveryState, { tone: Tone; label: string }> = {
  accepted: { tone: "ok", label: "Accepted" },
  failed: { tone: "critical", label: "Failed" },
  suppressed: { tone: "calm", label: "Suppressed" },
  superseded: { tone: "calm", label: "Superseded" },
  ambiguous: { tone: "minor", label: "Ambiguous" },
  sending: { tone: "info", label: "Sending" },
  retrying: { tone: "minor", label: "Retrying" },
};

const PROBES: Record<ProbeKind, string> = { challenge: "Challenge", test: "Test", hello: "Test post" };

function titleOf({ delivery: { subject }, incidentName }: PortalRow, { catalog }: Portal): string {
  switch (subject.kind) {
    case "incident":
      return oneLine(incidentName ?? "An incident that is no longer known");
    case "component":
      return oneLine(componentName(catalog, subject.id) ?? "A component that has been deleted since");
    case "endpoint":
      return PROBES[subject.probe];
  }
}

/** What the delivery was about, beside the title. */
function toldIn({ delivery, updateStatus }: PortalRow): string | null {
  if (delivery.subject.kind === "component") return "Component change";
  return updateStatus === null ? null : STATUS_LABELS[updateStatus];
}

export function Deliveries({ portal, list }: { portal: Portal; list: PortalList }) {
  if (list.rows.length === 0) {
    return (
      <div class="card">
        <p class="nothing">Nothing has been sent yet. Send a test to see how your endpoint answers.</p>
      </div>
    );
  }
  return (
    <div class="card">
      {list.rows.map((row) => (
        <Row key={keyOf(row.delivery)} portal={portal} row={row} />
      ))}
      {list.next === null ? null : (
        <p class="more">
          <a href={`${portal.path}?${new URLSearchParams({ cursor: list.next })}`}>Earlier ones</a>
        </p>
      )}
    </div>
  );
}

function keyOf({ subject, seq }: Delivery): string {
  return `d-${subject.id}-${seq}`;
}

function Row({ portal, row }: { portal: Portal; row: PortalRow }) {
  const { delivery } = row;
  const { tone, label } = STATES[delivery.state];
  const what = toldIn(row);
  return (
    <details class="delivery" id={keyOf(delivery)}>
      <summary>
        <span class="chevron" aria-hidden="true" />
        <span class="title" dir="auto">
          {titleOf(row, portal)}
        </span>
        <span class={`chip tone-${tone}`}>{label}</span>
        <span class="when">
          {what === null ? null : `${what} · `}
          <Time instant={delivery.committedAt} portal={portal} />
        </span>
      </summary>
      <div class="tries">
        <p>{explanation(delivery, portal)}</p>
        <Answers exchanges={delivery.exchanges ?? []} portal={portal} />
        {row.replayable ? (
          <Action portal={portal} to="replay" kind="small" label="Send it again">
            <input type="hidden" name={idField(delivery)} value={delivery.subject.id} />
            <input type="hidden" name="sequence" value={String(delivery.seq)} />
          </Action>
        ) : null}
      </div>
    </details>
  );
}

/** The field in which `replay` takes the subject's id. */
function idField({ subject }: Delivery): string {
  return subject.kind === "component" ? "component_id" : "incident_id";
}

function explanation(delivery: Delivery, { page }: Portal): string {
  const { state, reason, attempts, nextAttemptAt } = delivery;
  const made = attempts === 1 ? "One attempt." : `${attempts} attempts.`;
  const why = reason === null || state === "superseded" ? "" : ` ${sentence(reason)}`;
  const next = nextAttemptAt === null ? "" : ` Next attempt: ${told(nextAttemptAt, page)}.`;
  return `${made}${why}${next}`;
}

function sentence(reason: string): string {
  const text = oneLine(reason).replace(/^http (?=\d)/, "HTTP ");
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function Answers({ exchanges, portal }: { exchanges: readonly Exchange[]; portal: Portal }) {
  if (exchanges.length === 0) return null;
  const shows = showsAnswers(portal);
  return (
    <ol class="plain answers">
      {exchanges.toReversed().map(({ at, ms, status, head }) => (
        <li key={at}>
          <div class="line">
            <strong>{status === null ? "No answer" : `HTTP ${status}`}</strong>
            <span>{ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`}</span>
            <time dateTime={isoInZone(at, portal.page.timeZone)}>{precise(at, portal)}</time>
          </div>
          {shows && head !== "" ? <pre>{head}</pre> : null}
        </li>
      ))}
    </ol>
  );
}

/** To the second, so that people can compare it with the endpoint's own log. */
function precise(at: number, { page }: Portal): string {
  const { zone } = zonedTime(at, page.timeZone, "en");
  const date = dateOf(at, { timeZone: page.timeZone, locale: "en" });
  return `${date} - ${isoInZone(at, page.timeZone).slice(11, 19)} ${zone}`;
}
