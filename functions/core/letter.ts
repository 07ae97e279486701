import * as z from "zod/mini";
import { invitationSchema, isInvitable } from "./invitation.ts";
import type { LetterKind } from "./permit.ts";
import type { Subscriber } from "./subscriber.ts";

/** What a mail that belongs to no update is about. That decides until when it concerns anybody: see `recipientOf`. */
export const letterSchema = z.discriminatedUnion("about", [
  /**
   * `invitation`: kept once the letter is permitted. It is absent if an operator invites: then the token is the
   * subscriber's own.
   */
  z.object({ about: z.literal("confirmation"), invitation: z.optional(invitationSchema) }),
  z.object({ about: z.literal("manage link") }),
  /**
   * To an endpoint's contact: the way in, or the link that confirms a chat's hook. `isProven`: they are its contact;
   * see core/permit.ts.
   */
  z.object({ about: z.literal("contact"), to: z.string(), isProven: z.boolean() }),
  /** Somebody left, perhaps on behalf of others who read the same mailbox: how to undo it. */
  z.object({ about: z.literal("farewell"), unsubscribedAt: z.number() }),
  /** To an endpoint's contact: all their endpoints that are in quarantine. */
  z.object({ about: z.literal("quarantine"), to: z.string() }),
  /**
   * For nobody. Asking in the name of a stranger costs the same work as in a subscriber's, so that time gives nothing
   * away.
   */
  z.object({ about: z.literal("nothing") }),
]);
export type Letter = z.infer<typeof letterSchema>;

/** Which kind a letter is to permits; null: it reaches nobody. */
export function kindOf({ about }: Letter): LetterKind | null {
  switch (about) {
    case "confirmation":
    case "manage link":
    case "contact":
    case "farewell":
    case "quarantine":
      return about;
    case "nothing":
      return null;
  }
}

/** The address as it is now; null when the letter no longer concerns anybody. */
export function recipientOf(letter: Letter, subscriber: Subscriber | null): string | null {
  if (subscriber === null) return null;
  const { state, unsubscribedAt } = subscriber;
  switch (letter.about) {
    case "confirmation":
      return isInvited(letter, subscriber) ? mailAddressOf(subscriber) : null;
    case "manage link":
      return mailAddressOf(subscriber);
    case "contact":
    case "quarantine":
      return subscriber.channel === "webhook" ? letter.to : null;
    case "farewell":
      return state === "unsubscribed" && unsubscribedAt === letter.unsubscribedAt ? mailAddressOf(subscriber) : null;
    case "nothing":
      return null;
  }
}

function isInvited({ invitation }: Extract<Letter, { about: "confirmation" }>, subscriber: Subscriber): boolean {
  return invitation === undefined ? subscriber.state === "unconfirmed" : isInvitable(subscriber);
}

/** Where a subscriber gets letters. An endpoint's go to its contact. */
function mailAddressOf(subscriber: Subscriber): string | null {
  switch (subscriber.channel) {
    case "email":
      return subscriber.email;
    case "webhook":
      return subscriber.contactEmail;
    case "sms":
      return null;
  }
}
