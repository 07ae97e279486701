import * as z from "zod/mini";
import { idSchema } from "./ids.ts";
import { localeSchema } from "./locale.ts";

const timeZoneSchema = z.string().check(
  z.refine((zone) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  }, "must be an IANA time zone such as Europe/Berlin"),
);

const LOGO_URL_LIMIT = 2_000;

export const logoUrlSchema = z.string().check(
  z.maxLength(LOGO_URL_LIMIT, `must not be longer than ${LOGO_URL_LIMIT} characters`),
  z.refine((given) => {
    const url = URL.parse(given);
    // As it will stand in a policy and an attribute: without what would have to be encoded there.
    return url?.protocol === "https:" && url.username === "" && url.password === "" && /^[!-~]+$/.test(given);
  }, "must be an https URL"),
);
export const brandColourSchema = z
  .string()
  .check(z.regex(/^#[0-9a-f]{6}$/i, "must be a colour such as #1b57c4"), z.toLowerCase());

/** What a page and its mails wear besides the name. */
export const brandingSchema = z.object({
  /** The one thing that mails and pages load from elsewhere; the same address for everybody. */
  logoUrl: z.nullable(logoUrlSchema),
  /** Ground of the header; the text on it is black or white, whichever can be read better. */
  colour: z.nullable(brandColourSchema),
});
export type Branding = z.infer<typeof brandingSchema>;
export const NO_BRANDING: Branding = { logoUrl: null, colour: null };

export const pageSchema = z.object({
  id: idSchema,
  name: z.string(),
  /** Of the page itself and its feeds, and of what is sent to whoever has not chosen. Absent from old items. */
  locale: z._default(localeSchema, "en"),
  branding: z._default(brandingSchema, NO_BRANDING),
  /** IANA name; every time on the page, in mail and in the JSON is told in it. */
  timeZone: timeZoneSchema,
  /** Rises with every change of anything the page shows. */
  version: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type Page = z.infer<typeof pageSchema>;

/** Where the page's files, the manage API and the public subscription API are reached. No trailing slash. */
export interface Site {
  pageUrl: string;
  subscriptionsUrl: string;
}
