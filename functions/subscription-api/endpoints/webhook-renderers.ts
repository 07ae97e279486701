import type { Page, Site } from "../../core/page.ts";
import { unreachable } from "../../core/unreachable.ts";
import { chatBody, testPost } from "../../templates/chat/chat-body.ts";
import { renderChatConfirmationMail } from "../../templates/email/chat-confirmation-email.ts";
import { renderPortalLinkMail } from "../../templates/email/portal-link-email.ts";
import { challengeJson, testJson } from "../../templates/statuspage/probe-webhook.ts";
import type { ContactLetter, WebhookDeps } from "./webhook-deps.ts";

/** The texts for endpoints and their contacts, with one deployment's addresses. */
export function webhookRenderersFor({
  mailFrom,
  ...site
}: Site & { mailFrom: string }): Pick<WebhookDeps, "renderPortalLink" | "renderChatConfirmation" | "renderProbe"> {
  const letterOf = <Letter extends ContactLetter>({ page, ...letter }: Letter) => ({
    ...letter,
    pageName: page.name,
    branding: page.branding,
    pageUrl: site.pageUrl,
    mailFrom,
  });
  return {
    renderPortalLink: (letter) => renderPortalLinkMail(letterOf(letter)),
    renderChatConfirmation: (letter) => renderChatConfirmationMail(letterOf(letter)),
    renderProbe: (text, { page, format, now }) => {
      switch (text.probe) {
        case "challenge":
          return challengeJson({ page, site, now }, text.echo);
        case "test":
          return format === "statuspage"
            ? testJson({ page, site, now }, text.probeId)
            : JSON.stringify(chatBody(format, testPost(page, site.pageUrl, "test")));
        case "hello":
          return format === "statuspage"
            ? helloJson(page)
            : JSON.stringify(chatBody(format, testPost(page, site.pageUrl, "hello")));
        default:
          return unreachable(text);
      }
    },
  };
}

/** An endpoint of Statuspage's format gets a challenge, never a greeting. */
function helloJson({ id }: Page): never {
  throw new Error(`page ${id} greets chats alone`);
}
