import type { Fact } from "../fact.ts";
import type { Tone } from "../tone.ts";

/** A post in a chat, before any chat's form and limits: plain text throughout, whatever it looks like. */
export interface ChatPost {
  /** What it is, in a word or two. */
  label: string;
  title: string;
  /** Several lines; may be empty. */
  body: string;
  facts: readonly Fact[];
  /** Below everything else: who says so, and when. */
  footer: string;
  tone: Tone;
  url: string;
  /** The words that lead to `url`. */
  linkLabel: string;
}
