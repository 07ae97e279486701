import { renderConfirmationMail } from "../templates/email/confirmation-email.tsx";
import { renderManageLinkMail } from "../templates/email/manage-link-email.ts";
import { renderUnsubscribedMail } from "../templates/email/unsubscribed-email.ts";
import { smsText } from "../templates/sms/sms-text.ts";
import type { Renderers } from "./letters.ts";

/** The letters of the public API, for one deployment's addresses. */
export function renderersFor({
  pageUrl,
  subscriptionsUrl,
  mailFrom,
}: {
  pageUrl: string;
  subscriptionsUrl: string;
  mailFrom: string;
}): Renderers {
  return {
    renderConfirmation: ({ token, ...mail }) =>
      renderConfirmationMail({
        ...mail,
        pageUrl,
        mailFrom,
        confirmUrl: `${subscriptionsUrl}/confirm/${token}`,
        declineUrl: `${subscriptionsUrl}/decline/${token}`,
      }),
    renderManageLink: (mail) => renderManageLinkMail({ ...mail, pageUrl, mailFrom }),
    renderFarewell: (mail) => renderUnsubscribedMail({ ...mail, pageUrl, mailFrom }),
    fitSms: smsText,
  };
}
