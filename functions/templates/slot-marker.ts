import { createHash } from "node:crypto";
import type { Slot } from "../core/rendering.ts";

/**
 * Stands for a slot while a text is composed. It is letters and digits only, which no encoding changes, and is found in
 * no other text.
 */
export function slotMarker(updateId: string, slot: Slot): string {
  return `s${createHash("sha256").update(`${slot}|${updateId}`).digest("hex").slice(0, 32)}`;
}
