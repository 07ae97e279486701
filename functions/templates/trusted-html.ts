import { markdownToHtml } from "./markdown.ts";

interface TrustedHtml {
  dangerouslySetInnerHTML: { __html: string };
}

/** Props of an element whose content is ours and stays as it is: a stylesheet. */
export function trustedHtml(html: string): TrustedHtml {
  return { dangerouslySetInnerHTML: { __html: html } };
}

/**
 * Props of an element that shows what an operator wrote, through the one sanitising renderer. `limit` is the same as
 * there.
 */
export function proseHtml(source: string, limit: number | null = null): TrustedHtml {
  return trustedHtml(markdownToHtml(source, limit));
}
