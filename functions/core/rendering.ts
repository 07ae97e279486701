import * as z from "zod/mini";
import type { Locale } from "./locale.ts";
import type { ChatFormat } from "./subscriber.ts";

/** Which text of an update. What people read exists in every language, what programs read (`webhook`) once. */
export type TextName = { format: "email" | "sms" | ChatFormat; locale: Locale } | { format: "webhook"; locale: null };

/**
 * All that differs from recipient to recipient, and who mail is from: an update may wait until there is a sender, or while
 * it becomes another one.
 */
const slotSchema = z.enum(["sender", "address", "unsubscribe_token"]);
export type Slot = z.infer<typeof slotSchema>;

/** A text with holes: `parts` has one more element than `slots`, and they alternate. */
export const renderingSchema = z.object({ parts: z.array(z.string()), slots: z.array(slotSchema) });
export type Rendering = z.infer<typeof renderingSchema>;

/** Fills the holes. Values must already be encoded for the place they stand in. */
export function splice(rendering: Rendering, values: Readonly<Record<Slot, string>>): string {
  let text = rendering.parts[0] ?? "";
  rendering.slots.forEach((slot, index) => {
    text += values[slot] + (rendering.parts[index + 1] ?? "");
  });
  return text;
}

/** Splits a text at its markers into a rendering. */
export function renderingOf(text: string, markers: Readonly<Record<string, Slot>>): Rendering {
  const names = Object.keys(markers);
  if (names.length === 0) return { parts: [text], slots: [] };
  const parts: string[] = [];
  const slots: Slot[] = [];
  let last = 0;
  for (const match of text.matchAll(new RegExp(names.map(literally).join("|"), "g"))) {
    const slot = markers[match[0]];
    if (slot === undefined) continue;
    parts.push(text.slice(last, match.index));
    slots.push(slot);
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return { parts, slots };
}

/** The text as a pattern that matches nothing else. */
function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
