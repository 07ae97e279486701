/**
 * White space, controls, and what Unicode has programs draw as nothing (its property Default_Ignorable_Code_Point:
 * zero-width and bidirectional marks, soft hyphens, fillers); the blank Braille pattern has no dots either.
 */
const INVISIBLE = /[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]+/gu;

/** Whether a reader would see nothing of the text. */
export function showsNothing(text: string): boolean {
  return text.replace(INVISIBLE, "") === "";
}
