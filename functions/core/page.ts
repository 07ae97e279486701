import * as z from "zod/mini";
import { idSchema } from "./ids.ts";

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

export const pageSchema = z.object({
  id: idSchema,
  name: z.string(),
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
