import * as z from "zod/mini";
import { idSchema } from "./ids.ts";
import { localeSchema } from "./locale.ts";
import { storedTimeZoneSchema } from "./time-zone.ts";
import { httpsAddress } from "./web-address.ts";

const LOGO_URL_LIMIT = 2_000;

/** The address stands in an attribute, and its origin in a policy. */
export const logoUrlSchema = httpsAddress(LOGO_URL_LIMIT);
/** `#1B57C4`, `1b57c4` and `#abc` are understood; stored as `#1b57c4`. */
export const brandColourSchema = z.string().check(
  z.overwrite((given) => {
    const [, digits] = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(given.trim()) ?? [];
    if (digits === undefined) return given;
    return `#${digits.length === 3 ? digits.replace(/./g, "$&$&") : digits}`.toLowerCase();
  }),
  z.regex(/^#[0-9a-f]{6}$/, "must be a colour such as #1b57c4"),
);

/** What a page and its mails look like, besides the name. */
export const brandingSchema = z.object({
  /**
   * The one thing that mails and pages load from elsewhere; the address is the same for everybody. Null if an earlier
   * version stored one that would not be taken now.
   */
  logoUrl: z.catch(z.nullable(logoUrlSchema), null),
  /** Ground of the header. The text on it is black or white, whichever is easier to read. */
  colour: z.nullable(brandColourSchema),
});
export type Branding = z.infer<typeof brandingSchema>;
export const NO_BRANDING: Branding = { logoUrl: null, colour: null };

export const pageSchema = z.object({
  id: idSchema,
  name: z.string(),
  /**
   * The language of the page, its feeds, and what is sent to subscribers who have not chosen one. Absent from old
   * items.
   */
  locale: z._default(localeSchema, "en"),
  branding: z._default(brandingSchema, NO_BRANDING),
  /** IANA name. Every time on the page, in mail and in the JSON is in this zone. */
  timeZone: storedTimeZoneSchema,
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
