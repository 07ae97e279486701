import { renderConfirmationMail } from "../templates/confirmation-email.tsx";
import { fitSms } from "./fit-sms.ts";
import type { Renderers } from "./letters.ts";
import { renderLinkMail } from "./mails.tsx";

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
      renderConfirmationMail({ ...mail, pageUrl, mailFrom, confirmUrl: `${subscriptionsUrl}/confirm/${token}` }),
    renderManageLink: ({ manageUrl, ...mail }) =>
      renderLinkMail(mail, mailFrom, {
        subject: `Change what you receive from ${mail.pageName}`,
        text: "Somebody, probably you, asked for this link. With it you choose what you hear of.",
        button: "Open my subscription",
        url: manageUrl,
      }),
    renderFarewell: ({ undoUrl, ...mail }) =>
      renderLinkMail(mail, mailFrom, {
        subject: `You are unsubscribed from ${mail.pageName}`,
        text: "If this was a mistake, you can undo it for 30 days.",
        button: "Receive updates again",
        url: undoUrl,
      }),
    fitSms,
  };
}
