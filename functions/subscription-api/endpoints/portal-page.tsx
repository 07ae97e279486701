import { componentsInOrder } from "../../core/component.ts";
import type { HttpReply } from "../../lambda/http.ts";
import { oneLine } from "../../templates/markdown.ts";
import type { Tone } from "../../templates/tone.ts";
import type { Portal } from "./portal-access.ts";
import { hasOpen, type PortalList, revisionOf } from "./portal-deliveries.ts";
import type { EnteredFilter } from "./portal-filter.ts";
import { Action, Deliveries, Time } from "./portal-parts.tsx";
import { MINIMUM_LABELS, Settings } from "./portal-settings.tsx";
import { portalHtml } from "./portal-shell.tsx";
import { stateText } from "./portal-state.ts";
import { STATUS_LABELS } from "./portal-words.ts";

export interface Notice {
  tone: Tone;
  text: string;
  /** Whether its effect shows in the list before long. */
  asked: boolean;
}

const FORMATS = {
  statuspage: "Statuspage JSON",
  slack: "Slack",
  discord: "Discord",
  teams: "Microsoft Teams",
} as const;

export interface PortalPageProps {
  portal: Portal;
  list: PortalList;
  pageUrl: string;
  notice: Notice | null;
  /** The filter as it was entered, if it was refused. */
  entered: EnteredFilter | null;
}

export function portalPage(status: number, props: PortalPageProps): HttpReply {
  const { portal, list, pageUrl, notice, entered } = props;
  const { host } = new URL(portal.subscriber.endpoint);
  return portalHtml(status, {
    title: host,
    pageName: portal.page.name,
    pageUrl,
    isLive: true,
    children: (
      <>
        <h1>{oneLine(host)}</h1>
        <p class="address">{shownAddress(portal)}</p>
        {notice === null ? null : (
          <p class={`notice tone-${notice.tone}`} role="status">
            {notice.text}
          </p>
        )}
        <div
          id="live"
          data-revision={revisionOf(portal, list)}
          data-open={hasOpen(list) ? "yes" : "no"}
          data-asked={notice?.asked === true ? "yes" : "no"}
        >
          <State portal={portal} list={list} />
          <Contact portal={portal} />
          <Actions portal={portal} />
          <section>
            <h2>What was sent</h2>
            <Deliveries portal={portal} list={list} />
          </section>
        </div>
        <section>
          <h2>How it is set up</h2>
          <Known portal={portal} />
          <Settings portal={portal} entered={entered} />
        </section>
      </>
    ),
  });
}

/** The address of a chat's webhook is its secret. */
function shownAddress({ subscriber }: Portal): string {
  if (subscriber.format === "statuspage") return subscriber.endpoint;
  return `${new URL(subscriber.endpoint).origin}/…${subscriber.endpoint.slice(-4)}`;
}

function State({ portal, list }: { portal: Portal; list: PortalList }) {
  const { tone, title, text, action } = stateText(portal, list);
  return (
    <div class={`state tone-${tone}`}>
      <div>
        <h2>
          <span class="dot" aria-hidden="true" />
          {title}
        </h2>
        <p>{text}</p>
      </div>
      {action === null ? null : <Action portal={portal} to={action.to} kind="main" label={action.label} />}
    </div>
  );
}

function Actions({ portal }: { portal: Portal }) {
  const { state, pausedAt } = portal.subscriber;
  const receives = state === "active" && pausedAt === null;
  const mayTest = state === "active" || state === "quarantined";
  if (!mayTest) return null;
  return (
    <div class="actions">
      <Action portal={portal} to="test" kind={receives ? "main" : ""} label="Send a test" />
      {receives ? (
        <>
          <Action portal={portal} to="pause" label="Pause" />
          <Action portal={portal} to="replay-failed" label="Send again">
            <label class="field" for="hours">
              What failed in the last
              <select id="hours" name="hours">
                <option value="1">hour</option>
                <option value="24" selected>
                  24 hours
                </option>
                <option value="168">7 days</option>
                <option value="2160">90 days</option>
              </select>
            </label>
          </Action>
        </>
      ) : null}
    </div>
  );
}

function Known({ portal }: { portal: Portal }) {
  const { catalog } = portal;
  const { scopes, statuses, preferences, contactEmail, format, createdAt } = portal.subscriber;
  const names = componentsInOrder(catalog)
    .filter(({ id }) => scopes.components.includes(id))
    .map(({ name }) => oneLine(name));
  const parts = [
    ...(scopes.page ? ["the whole page"] : names),
    ...(scopes.incidents.length === 0
      ? []
      : [scopes.incidents.length === 1 ? "one incident" : `${scopes.incidents.length} incidents`]),
  ];
  return (
    <div class="card">
      <dl class="known">
        <dt>Sent what concerns</dt>
        <dd>
          {parts.length === 0 ? "nothing" : null}
          {parts.map((part, index) => (
            <>
              {index === 0 ? "" : ", "}
              <bdi>{part}</bdi>
            </>
          ))}
        </dd>
        <dt>Updates</dt>
        <dd>{statuses === null ? "of every status" : statuses.map((one) => STATUS_LABELS[one]).join(", ")}</dd>
        <dt>Impact</dt>
        <dd>{MINIMUM_LABELS[preferences.minimumImpact]}</dd>
        <dt>Format</dt>
        <dd>{FORMATS[format]}</dd>
        <dt>Contact</dt>
        <dd>{contactEmail}</dd>
        <dt>Registered</dt>
        <dd>
          <Time instant={createdAt} portal={portal} />
        </dd>
      </dl>
    </div>
  );
}

/** The one time that the secret is shown. */
export function secretPage(portal: Portal, secret: string, pageUrl: string): HttpReply {
  return portalHtml(200, {
    title: "The new signing secret",
    pageName: portal.page.name,
    pageUrl,
    isLive: false,
    children: (
      <>
        <h1>The new signing secret</h1>
        <div class="card">
          <div class="box">
            <p>Keep it now: it is not shown again. For 24 hours the one before signs beside it.</p>
            <p>
              <code class="secret">{secret}</code>
            </p>
            <p>
              <a href={portal.path}>Back to the webhook</a>
            </p>
          </div>
        </div>
      </>
    ),
  });
}

/** The page on which people ask for a new link. */
export function lostLinkPage(
  status: number,
  {
    pageName,
    pageUrl,
    sent,
    refused = null,
  }: { pageName: string; pageUrl: string; sent: boolean; refused?: { problem: string; endpoint: string } | null },
): HttpReply {
  return portalHtml(status, {
    title: "Your webhook",
    pageName,
    pageUrl,
    isLive: false,
    children: (
      <>
        <h1>Your webhook</h1>
        {sent ? (
          <p class="notice tone-info" role="status">
            If the endpoint is registered, a link is on its way to its contact. One is sent every ten minutes at most.
          </p>
        ) : null}
        {refused === null ? null : (
          <p class="notice tone-critical" role="alert" id="problem">
            {refused.problem}
          </p>
        )}
        <div class="card">
          <div class="box">
            <p>
              See what was sent to your endpoint and how it answered, send it again, send a test, or change the signing
              secret. The link to do so goes to the contact that was given for the endpoint.
            </p>
            <form method="post" action="/portal">
              <label class="field" for="endpoint">
                Endpoint
                <input
                  id="endpoint"
                  type="url"
                  name="endpoint"
                  required
                  placeholder="https://"
                  autocomplete="off"
                  value={refused?.endpoint}
                  aria-invalid={refused === null ? undefined : "true"}
                  aria-describedby={refused === null ? undefined : "problem"}
                />
              </label>
              <button type="submit" class="button main">
                Mail the link
              </button>
            </form>
          </div>
        </div>
      </>
    ),
  });
}

/** Mail scanners open links too: only a button shows that somebody is there. */
function Contact({ portal }: { portal: Portal }) {
  const { subscriber } = portal;
  if (subscriber.contactEmail === null || subscriber.contactProvenAt !== undefined) return null;
  return (
    <section>
      <p class="hint">
        Nobody has said yet that your address is the right one for this webhook, so you are not mailed when it stops
        working.
      </p>
      <Action portal={portal} to="contact" label="Mail me when it stops working" />
    </section>
  );
}
