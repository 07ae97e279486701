import * as z from "zod/mini";
import { pausedSchema, senderProblemSchema } from "./sender-problem.ts";

/** Why somebody who was in the audience is in it no longer. */
const suppressionReasonSchema = z.enum([
  "withdrawn",
  "erased",
  "unsubscribed",
  "quarantined",
  "unconfirmed",
  "no longer subscribed to this",
]);
export type SuppressionReason = z.infer<typeof suppressionReasonSchema>;

/** All reasons in our own words. Code elsewhere compares them, and the compiler refuses one that is not here. */
const ownReasonSchema = z.enum([
  ...suppressionReasonSchema.options,
  // Our words too: a problem that lasted until the update was of no use.
  ...senderProblemSchema.options,
  "an earlier update is being sent",
  "the endpoint is failing: its next attempt is for all that waits",
  "sent again by an operator",
  "sent again by the integrator",
  "throttled",
  "quota exhausted",
  "interrupted while sending",
  "outcome unknown twice",
  "complained before",
  "complaint",
]);
export type OwnReason = z.infer<typeof ownReasonSchema>;

/**
 * Reasons in the words of others, which nothing is compared with: a provider's, an endpoint's, the network's; an
 * update's id.
 */
const otherReasonSchema = z.string().brand<"other reason">();
export type OtherReason = z.infer<typeof otherReasonSchema>;

/** The last takes any text, so that every stored reason can be read. */
export const reasonSchema = z.union([
  ownReasonSchema,
  pausedSchema,
  z.templateLiteral(["refused: ", z.string()]),
  z.templateLiteral(["bounced: ", z.string()]),
  otherReasonSchema,
]);
export type Reason = z.infer<typeof reasonSchema>;

export function otherReason(text: string): OtherReason {
  return otherReasonSchema.parse(text);
}
