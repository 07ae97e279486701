import { EmailButton, EmailHeadline, EmailRow, renderEmail } from "./email-layout.tsx";
import { composeMail } from "./email-skeleton.ts";
import { oneLine } from "./markdown.ts";
import { postedTime } from "./wording.ts";

export interface QuarantineMail {
  pageName: string;
  /** Without a trailing slash. */
  pageUrl: string;
  /** IANA name of the page's zone, in which times are told. */
  timeZone: string;
  to: string;
  /** Address that the mail is from; its display name is the page's. */
  mailFrom: string;
  /** Host of the endpoint; its path may be a secret and is not told. */
  host: string;
  failingSince: number;
  quarantinedAt: number;
  /** How the last attempt ended, such as `http 500`. */
  reason: string;
}

/** The mail that tells an endpoint's contact that it is not tried any more: whole RFC 5322 text for one recipient. */
export function renderQuarantineMail(mail: QuarantineMail): Promise<string> {
  const facts = factsOf(mail);
  return composeMail({
    from: { name: facts.name, address: mail.mailFrom },
    to: mail.to,
    subject: `${facts.name} stopped sending updates to your webhook at ${facts.host}`,
    text: quarantineText(mail, facts),
    html: quarantineHtml(mail, facts),
    seed: `quarantine|${mail.to}|${mail.host}|${mail.quarantinedAt}`,
    date: null,
    thread: null,
    headers: {},
  });
}

interface Facts {
  name: string;
  host: string;
  since: string;
  stopped: string;
  lastAnswer: string;
}

function factsOf({ pageName, host, failingSince, quarantinedAt, reason, timeZone }: QuarantineMail): Facts {
  return {
    name: oneLine(pageName),
    host: oneLine(host),
    since: postedTime(failingSince, timeZone),
    stopped: postedTime(quarantinedAt, timeZone),
    lastAnswer: oneLine(reason).replace(/^http (?=\d)/, "HTTP ") || "no answer",
  };
}

const COMING_BACK =
  "Once it accepts requests again, subscribe it anew in the way you did before, or ask whoever runs the page to. Updates posted in the meantime are not sent again.";
const WHO = "You receive this because your address was given as the contact of the endpoint. It will not be repeated.";

function quarantineText({ pageUrl }: QuarantineMail, { name, host, since, stopped, lastAnswer }: Facts): string {
  return [
    "Your webhook is not called any more",
    `Your endpoint at ${host} has accepted none of the updates that ${name} (${pageUrl}) sent to it since ${since}. All attempts over three days failed, so from ${stopped} on it is not called any more.`,
    `Failing since: ${since}\nStopped: ${stopped}\nLast attempt: ${lastAnswer}`,
    COMING_BACK,
    `Until then, the page has everything: ${pageUrl}`,
    `----------\n${WHO}`,
    "",
  ].join("\n\n");
}

function quarantineHtml({ pageUrl }: QuarantineMail, { name, host, since, stopped, lastAnswer }: Facts): string {
  return renderEmail({
    title: `${name} stopped sending updates to your webhook at ${host}`,
    preheader: `${host} has accepted nothing since ${since}.`,
    pageName: name,
    tone: "major",
    children: (
      <>
        <EmailRow padding="8px 36px 0">
          <EmailHeadline>Your webhook is not called any more</EmailHeadline>
        </EmailRow>
        <EmailRow padding="14px 36px 0">
          <div class="prose" style="color:#2c343f">
            Your endpoint at <strong>{host}</strong> has accepted none of the updates that{" "}
            <a class="link" href={pageUrl} style="color:#1b57c4">
              {name}
            </a>{" "}
            sent to it. All attempts over three days failed, so it is not called any more.
          </div>
        </EmailRow>
        <EmailRow padding="18px 36px 0">
          <table role="presentation" cellPadding="0" cellSpacing="0">
            <tbody>
              <Fact name="Failing since" value={since} />
              <Fact name="Stopped" value={stopped} />
              <Fact name="Last attempt" value={lastAnswer} />
            </tbody>
          </table>
        </EmailRow>
        <EmailRow padding="18px 36px 0">
          <div class="prose" style="color:#2c343f">
            {COMING_BACK}
          </div>
        </EmailRow>
        <EmailRow padding="22px 36px 30px">
          <EmailButton href={pageUrl}>See the status page</EmailButton>
        </EmailRow>
      </>
    ),
    footer: <>{WHO}</>,
  });
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <td
        class="ink-3"
        style="padding:0 18px 6px 0;font-size:14px;line-height:22px;color:#5f6875;vertical-align:top;white-space:nowrap"
      >
        {name}
      </td>
      <td class="ink" style="padding:0 0 6px;font-size:14px;line-height:22px;color:#161b22;vertical-align:top">
        {value}
      </td>
    </tr>
  );
}
