import * as z from "zod/mini";
import { impactSchema, type UpdateStatus, updateStatusSchema } from "../core/incident.ts";
import { webhookFormatSchema } from "../core/subscriber.ts";
import { oneOf, optional } from "../lambda/input.ts";

const status = oneOf(updateStatusSchema.options);

/** Only the named statuses; null means all, and so does naming each of them. */
const statuses = z.pipe(
  z.array(status, "must be a list of statuses").check(z.minLength(1, "must name at least one status")),
  z.transform((named): UpdateStatus[] | null => {
    const chosen = updateStatusSchema.options.filter((one) => named.includes(one));
    return chosen.length === updateStatusSchema.options.length ? null : chosen;
  }),
);

/** What a webhook gets, and about which updates: the fields of requests, both public and operators'. */
export const wishFields = {
  format: optional(oneOf(webhookFormatSchema.options)),
  statuses: z.optional(z.nullable(statuses)),
  minimum_impact: optional(oneOf(impactSchema.options)),
};
