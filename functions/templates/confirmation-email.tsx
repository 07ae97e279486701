import { sha256Hex } from "../core/ids.ts";
import { EmailButton, EmailHeadline, EmailRow, renderEmail } from "./email-layout.tsx";
import { composeMail } from "./email-skeleton.ts";
import { oneLine } from "./markdown.ts";

export interface ConfirmationMail {
  pageName: string;
  /** Without a trailing slash. */
  pageUrl: string;
  to: string;
  /** Address that the mail is from; its display name is the page's. */
  mailFrom: string;
  /** Opens a page with a button: mail scanners follow links, so opening it must change nothing. */
  confirmUrl: string;
}

/** The mail that asks for a confirmation: whole RFC 5322 text for one recipient. */
export function renderConfirmationMail(mail: ConfirmationMail): Promise<string> {
  const name = oneLine(mail.pageName);
  return composeMail({
    from: { name, address: mail.mailFrom },
    to: mail.to,
    subject: `Confirm your subscription to ${name}`,
    text: confirmationText(mail, name),
    html: confirmationHtml(mail, name),
    // The link alone makes it unique, and a hash of it gives nothing away.
    seed: `confirmation|${sha256Hex(mail.confirmUrl)}`,
    date: null,
    thread: null,
    headers: {},
  });
}

function confirmationText({ to, pageUrl, confirmUrl }: ConfirmationMail, name: string): string {
  return [
    `Confirm your subscription to ${name}`,
    `Somebody, probably you, asked for status updates of ${name} (${pageUrl}) to be sent to ${to}. Open this link and confirm to receive them:`,
    confirmUrl,
    "The link works for 90 days.",
    "----------\nIf you did not ask for this, do nothing: without a confirmation you will not receive any updates.",
    "",
  ].join("\n\n");
}

function confirmationHtml({ to, pageUrl, confirmUrl }: ConfirmationMail, name: string): string {
  return renderEmail({
    title: `Confirm your subscription to ${name}`,
    preheader: `One click, and status updates of ${name} come to you.`,
    pageName: name,
    tone: "info",
    children: (
      <>
        <EmailRow padding="8px 36px 0">
          <EmailHeadline>Confirm your subscription</EmailHeadline>
        </EmailRow>
        <EmailRow padding="14px 36px 0">
          <div class="prose" style="color:#2c343f">
            Somebody, probably you, asked for status updates of{" "}
            <a class="link" href={pageUrl} style="color:#1b57c4">
              {name}
            </a>{" "}
            to be sent to <strong>{to}</strong>.
          </div>
        </EmailRow>
        <EmailRow padding="22px 36px 0">
          <EmailButton href={confirmUrl}>Confirm subscription</EmailButton>
        </EmailRow>
        <EmailRow padding="18px 36px 30px">
          <div class="ink-3" style="font-size:14px;line-height:22px;color:#5f6875">
            The link works for 90 days. Should the button not work, open this address:
            <br />
            <a class="link" href={confirmUrl} style="color:#1b57c4;word-break:break-all">
              {confirmUrl}
            </a>
          </div>
        </EmailRow>
      </>
    ),
    footer: <>If you did not ask for this, do nothing: without a confirmation you will not receive any updates.</>,
  });
}
