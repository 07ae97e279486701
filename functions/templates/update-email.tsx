import type { Update } from "../core/incident.ts";
import { type Rendering, renderingOf } from "../core/rendering.ts";
import { isoInZone } from "../core/zoned-time.ts";
import { affectedSentence } from "./affected-components.ts";
import { EmailButton, EmailHeadline, EmailPill, EmailRow, renderEmail } from "./email-layout.tsx";
import { composeMail, isolateMarkers, mailHost } from "./email-skeleton.ts";
import { cutAtWord, markdownToText, oneLine } from "./markdown.ts";
import { slotMarker } from "./slot-marker.ts";
import { incidentUrl } from "./statuspage-json.ts";
import { STATUS_TONES } from "./tone.ts";
import { proseHtml } from "./trusted-html.ts";
import { type UpdateSource, updatesAsOf } from "./update-source.ts";
import { postedTime, timeSpan, updateLabel } from "./wording.ts";

/** Gmail clips a mail beyond 102 kB, and every kilobyte is paid for by subscribers' phones: all in all less than this. */
export const MAIL_LIMIT_BYTES = 60_000;

/** Characters of the newest update's body to try, in turn, once it stands alone and is still too long. */
const BODY_CUTS = [12_000, 6_000, 3_000, 1_500, 700] as const;

const PREHEADER_LIMIT = 140;

export interface UpdateEmailSource extends UpdateSource {
  /** Sender address; the display name is the page's. */
  from: string;
}

interface Draft {
  /** Newest first; the first one is what the mail is about. */
  told: readonly Update[];
  /** Characters of the first one's body; null: all. */
  cut: number | null;
  unsubscribeUrl: string;
}

/**
 * The mail of an update as stored once for all its recipients: whole RFC 5322 text with slots for the address and the
 * unsubscribe token. Newest update first, then the earlier ones as far as they fit; all mails of an incident share
 * subject and root, so that they are one thread.
 */
export async function composeUpdateEmail(source: UpdateEmailSource): Promise<Rendering> {
  const { update, site } = source;
  const address = `${slotMarker(update.id, "address")}@slot.invalid`;
  const token = slotMarker(update.id, "unsubscribe_token");
  const unsubscribeUrl = `${site.subscriptionsUrl}/unsubscribe/${token}`;
  const { mail } = await fittingMail(source, address, unsubscribeUrl);
  return renderingOf(isolateMarkers(mail, [token]), { [address]: "address", [token]: "unsubscribe_token" });
}

/** What a reader sees of the mail without opening it, and its plain text; what stands where the token will is `unsubscribeUrl`. */
export async function readUpdateEmail(
  source: UpdateEmailSource,
  unsubscribeUrl: string,
): Promise<{ subject: string; text: string }> {
  const { draft } = await fittingMail(source, "reader@slot.invalid", unsubscribeUrl);
  return { subject: subjectOf(source), text: updateText(source, draft) };
}

/** Drops the oldest updates, then shortens the newest, until the mail fits. */
async function fittingMail(
  source: UpdateEmailSource,
  address: string,
  unsubscribeUrl: string,
): Promise<{ mail: string; draft: Draft }> {
  const all = updatesAsOf(source);
  const drafts: Draft[] = [
    ...all.map((_, dropped) => ({ told: all.slice(0, all.length - dropped), cut: null, unsubscribeUrl })),
    ...BODY_CUTS.map((cut) => ({ told: all.slice(0, 1), cut, unsubscribeUrl })),
  ];
  let fitting: { mail: string; draft: Draft } = { mail: "", draft: { told: all, cut: null, unsubscribeUrl } };
  for (const draft of drafts) {
    fitting = { mail: await composeDraft(source, draft, address), draft };
    if (fitting.mail.length <= MAIL_LIMIT_BYTES - SPLICE_ALLOWANCE) break;
  }
  return fitting;
}

/** Room for soft breaks, and for addresses and tokens longer than their markers. */
const SPLICE_ALLOWANCE = 600;

function composeDraft(source: UpdateEmailSource, draft: Draft, address: string): Promise<string> {
  const { page, incident, update, from } = source;
  const host = mailHost(from);
  return composeMail({
    from: { name: page.name, address: from },
    to: address,
    subject: subjectOf(source),
    text: updateText(source, draft),
    html: updateHtml(source, draft),
    seed: `update|${update.id}`,
    date: update.createdAt,
    thread: `<incident-${incident.id}@${host}>`,
    headers: {
      "List-Unsubscribe": `<${draft.unsubscribeUrl}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      "List-Id": `<${page.id}.${host}>`,
    },
  });
}

/** The same for every update of the incident: mail clients thread by it. The status is in headline and preview. */
function subjectOf({ page, update }: UpdateEmailSource): string {
  return `[${oneLine(page.name)}] ${oneLine(update.incidentName)}`;
}

function updateText(source: UpdateEmailSource, { told, cut, unsubscribeUrl }: Draft): string {
  const { page, incident, catalog, updates, site } = source;
  const url = incidentUrl(site.pageUrl, incident.id);
  const affected = affectedSentence(incident, updates, catalog);
  const [newest, ...earlier] = told.map((update, index) => textOfUpdate(source, update, index === 0 ? cut : null));
  return [
    oneLine(source.update.incidentName),
    ...maintenanceSpan(source),
    newest,
    ...(affected === null ? [] : [oneLine(affected)]),
    `Follow it here: ${url}`,
    ...(earlier.length === 0 ? [] : ["----------\nEarlier updates", ...earlier]),
    ...leftOut(source, told).map((sentence) => `${sentence} ${url}`),
    `----------\nYou receive this because you subscribed to ${oneLine(page.name)} (${site.pageUrl}).`,
    `Unsubscribe: ${unsubscribeUrl}`,
    "",
  ].join("\n\n");
}

function textOfUpdate({ page, updates }: UpdateEmailSource, update: Update, cut: number | null): string {
  const body = markdownToText(bodyOf(update, cut));
  return `${updateLabel(update, updates)} - ${postedTime(update.displayAt, page.timeZone)}\n${body}`;
}

function bodyOf(update: Update, cut: number | null): string {
  return cut === null ? update.body : cutAtWord(update.body, cut);
}

function maintenanceSpan({ page, incident: { schedule } }: UpdateEmailSource): string[] {
  return schedule === null ? [] : [timeSpan(schedule.scheduledFor, schedule.scheduledUntil, page.timeZone)];
}

function leftOut(source: UpdateEmailSource, told: readonly Update[]): string[] {
  const count = updatesAsOf(source).length - told.length;
  if (count === 0) return [];
  return [count === 1 ? "One older update is on the page:" : `${count} older updates are on the page:`];
}

function updateHtml(source: UpdateEmailSource, draft: Draft): string {
  const { page, incident, update, updates, catalog, site } = source;
  const url = incidentUrl(site.pageUrl, incident.id);
  const label = updateLabel(update, updates);
  const affected = affectedSentence(incident, updates, catalog);
  const [, ...earlier] = draft.told;
  return renderEmail({
    title: `${label}: ${update.incidentName}`,
    preheader: cutAtWord(`${label}: ${oneLine(markdownToText(update.body))}`, PREHEADER_LIMIT),
    pageName: page.name,
    tone: STATUS_TONES[update.status],
    children: (
      <>
        <EmailRow padding="8px 36px 0">
          <EmailHeadline>{oneLine(update.incidentName)}</EmailHeadline>
          {maintenanceSpan(source).map((span) => (
            <div key={span} class="ink-2" style="padding-top:8px;font-size:15px;line-height:22px;color:#4d5663">
              {span}
            </div>
          ))}
        </EmailRow>
        <EmailRow padding="18px 36px 0">
          <UpdateBlock source={source} update={update} cut={draft.cut} />
          {draft.cut === null ? null : (
            <div style="padding-top:8px">
              <a class="link" href={url} style="color:#1b57c4">
                Read the whole update
              </a>
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
        <EmailRow padding="24px 36px 30px">
          <EmailButton href={url}>{incident.schedule === null ? "View incident" : "View maintenance"}</EmailButton>
        </EmailRow>
        {earlier.map((one, index) => (
          <tr key={one.id}>
            <td
              class="pad rule"
              style="padding:22px 36px;border-top:1px solid #e2e5ea;font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:25px;color:#161b22;word-break:break-word"
            >
              {index === 0 ? (
                <h2 class="ink-2" style="margin:0 0 14px;font-size:14px;line-height:20px;font-weight:600;color:#4d5663">
                  Earlier updates
                </h2>
              ) : null}
              <UpdateBlock source={source} update={one} cut={null} />
            </td>
          </tr>
        ))}
        {leftOut(source, draft.told).map((sentence) => (
          <EmailRow key={sentence} padding="0 36px 24px">
            <span class="ink-2" style="font-size:14px;line-height:22px;color:#4d5663">
              {sentence}{" "}
              <a class="link" href={url} style="color:#1b57c4">
                read them all
              </a>
              .
            </span>
          </EmailRow>
        ))}
      </>
    ),
    footer: (
      <>
        You receive this because you subscribed to{" "}
        <a class="link" href={site.pageUrl} style="color:#1b57c4">
          {oneLine(page.name)}
        </a>
        .{" "}
        <a class="link" href={draft.unsubscribeUrl} style="color:#1b57c4">
          Unsubscribe
        </a>
      </>
    ),
  });
}

function UpdateBlock({ source, update, cut }: { source: UpdateEmailSource; update: Update; cut: number | null }) {
  const { timeZone } = source.page;
  return (
    <>
      <EmailPill tone={STATUS_TONES[update.status]}>{updateLabel(update, source.updates)}</EmailPill>
      <div
        class="prose"
        style="padding-top:12px;font-size:16px;line-height:25px;color:#2c343f"
        {...proseHtml(bodyOf(update, cut))}
      />
      <div class="ink-3" style="font-size:13px;line-height:20px;color:#5f6875">
        Posted <time dateTime={isoInZone(update.displayAt, timeZone)}>{postedTime(update.displayAt, timeZone)}</time>
      </div>
    </>
  );
}
