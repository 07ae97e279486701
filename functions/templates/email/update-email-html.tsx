import type { ComponentChildren } from "preact";
import type { Update } from "../../core/incident.ts";
import { isoInZone } from "../../core/zoned-time.ts";
import { affectedSentence } from "../affected-components.ts";
import { cutAtWord } from "../cut-at-word.ts";
import { markdownExcess, oneLine } from "../markdown.ts";
import { markdownToLine } from "../markdown-text.ts";
import { plannedTimes } from "../planned-times.ts";
import { incidentUrl } from "../public-page.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { STATUS_TONES, type Tone } from "../tone.ts";
import { proseHtml } from "../trusted-html.ts";
import type { UpdateSource } from "../update-source.ts";
import { postedTime, updateLabel } from "../wording.ts";
import {
  EmailButton,
  EmailFacts,
  EmailHeadline,
  EmailLink,
  EmailPill,
  EmailRow,
  FONT,
  renderEmail,
} from "./email-layout.tsx";
import type { Draft } from "./update-email-draft.ts";
import { leftOut } from "./update-email-text.ts";

const PREHEADER_LIMIT = 140;

/** The mail of an update as HTML. */
export function updateHtml(source: UpdateSource, draft: Draft): string {
  const { page, incident, update, updates, catalog, site } = source;
  // The planned times include what a maintenance affects. The incident may have moved on since the update.
  const asOf = { ...incident, status: update.status };
  const affected = incident.schedule === null ? affectedSentence(asOf, updates, catalog, page.locale) : null;
  const url = incidentUrl(site.pageUrl, incident.id);
  return htmlOf(source, draft, {
    label: updateLabel(update, updates, page.locale),
    summary: markdownToLine(update.body, page.locale),
    tone: STATUS_TONES[update.status],
    news: (
      <>
        <EmailRow padding="18px 36px 0">
          <UpdateBlock source={source} update={update} cut={draft.cut} />
          {draft.cut === null && markdownExcess(update.body) === null ? null : (
            <div style="padding-top:8px">
              <EmailLink href={url}>{stringsOf(page.locale).updateEmail.readWhole}</EmailLink>
            </div>
          )}
        </EmailRow>
        {affected === null ? null : (
          <EmailRow padding="16px 36px 0">
            <div class="ink-2" style="font-size:14px;line-height:22px;color:#4d5663">
              {affected}
            </div>
          </EmailRow>
        )}
      </>
    ),
  });
}

export interface News {
  /** What it is, in a word or two. */
  label: string;
  /** What the inbox's preview shows after the label. */
  summary: string;
  tone: Tone;
  /** Between the incident's name (with a maintenance's times) and the button to its page. */
  news: ComponentChildren;
}

/** The updates of the draft from `from` on, which stand below the news. */
export function htmlOf(source: UpdateSource, draft: Draft, { label, summary, tone, news }: News, from = 1): string {
  const { page, incident, update, site } = source;
  const url = incidentUrl(site.pageUrl, incident.id);
  const strings = stringsOf(page.locale);
  const times = plannedTimes(source);
  return renderEmail({
    title: `${label}: ${update.incidentName}`,
    preheader: cutAtWord(`${label}: ${summary}`, PREHEADER_LIMIT),
    page,
    tone,
    children: (
      <>
        <EmailRow padding="8px 36px 0">
          <EmailHeadline>{oneLine(update.incidentName)}</EmailHeadline>
        </EmailRow>
        {times.length === 0 ? null : (
          <EmailRow padding="14px 36px 0">
            <EmailFacts facts={times} />
          </EmailRow>
        )}
        {news}
        <EmailRow padding="24px 36px 30px">
          <EmailButton href={url}>
            {incident.schedule === null ? strings.viewIncident : strings.viewMaintenance}
          </EmailButton>
        </EmailRow>
        {draft.told.slice(from).map((one, index) => (
          <tr key={one.id}>
            <td
              class="pad rule"
              style={`padding:22px 36px;border-top:1px solid #e2e5ea;${FONT};font-size:16px;line-height:25px;color:#161b22;word-break:break-word`}
            >
              {index === 0 ? (
                <h2 class="ink-2" style="margin:0 0 14px;font-size:14px;line-height:20px;font-weight:600;color:#4d5663">
                  {strings.updateEmail.earlier}
                </h2>
              ) : null}
              <UpdateBlock source={source} update={one} cut={null} />
            </td>
          </tr>
        ))}
        {leftOut(source, draft).map((sentence) => (
          <EmailRow key={sentence} padding="0 36px 24px">
            <span class="ink-2" style="font-size:14px;line-height:22px;color:#4d5663">
              {sentence} <EmailLink href={url}>{strings.updateEmail.readAll}</EmailLink>.
            </span>
          </EmailRow>
        ))}
      </>
    ),
    footer: (
      <>
        {strings.updateEmail.why(
          <EmailLink href={site.pageUrl} key="page">
            {oneLine(page.name)}
          </EmailLink>,
        )}{" "}
        <EmailLink href={draft.unsubscribeUrl}>{strings.updateEmail.leave}</EmailLink>
      </>
    ),
  });
}

function UpdateBlock({ source, update, cut }: { source: UpdateSource; update: Update; cut: number | null }) {
  const { page, updates } = source;
  return (
    <>
      <EmailPill tone={STATUS_TONES[update.status]}>{updateLabel(update, updates, page.locale)}</EmailPill>
      <div
        class="prose"
        style="padding-top:12px;font-size:16px;line-height:25px;color:#2c343f"
        {...proseHtml(update.body, cut)}
      />
      <div class="ink-3" style="font-size:13px;line-height:20px;color:#5f6875">
        {stringsOf(page.locale).posted}{" "}
        <time dateTime={isoInZone(update.displayAt, page.timeZone)}>{postedTime(update.displayAt, page)}</time>
      </div>
    </>
  );
}
