import { sha256Hex } from "../core/ids.ts";
import { EmailButton, EmailHeadline, EmailRow, renderEmail } from "../templates/email-layout.tsx";
import { composeMail } from "../templates/email-skeleton.ts";
import { oneLine } from "../templates/markdown.ts";
import type { MailTo } from "./letters.ts";

/** A mail with one link in it. */
export function renderLinkMail(
  { pageName, to }: MailTo,
  mailFrom: string,
  { subject, text, button, url }: { subject: string; text: string; button: string; url: string },
): Promise<string> {
  const name = oneLine(pageName);
  return composeMail({
    from: { name, address: mailFrom },
    to,
    subject,
    text: [subject, text, url, ""].join("\n\n"),
    html: renderEmail({
      title: subject,
      preheader: text,
      pageName: name,
      tone: "info",
      children: (
        <>
          <EmailRow padding="8px 36px 0">
            <EmailHeadline>{subject}</EmailHeadline>
          </EmailRow>
          <EmailRow padding="14px 36px 0">
            <div class="prose" style="color:#2c343f">
              {text}
            </div>
          </EmailRow>
          <EmailRow padding="22px 36px 30px">
            <EmailButton href={url}>{button}</EmailButton>
          </EmailRow>
        </>
      ),
      footer: <>{to}</>,
    }),
    seed: `link|${sha256Hex(url)}`,
    date: null,
    thread: null,
    headers: {},
  });
}
