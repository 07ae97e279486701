import * as z from "zod/mini";
import { BODY_LIMIT } from "../core/incident.ts";
import { text } from "../lambda/input.ts";
import { markdownExcess } from "../templates/markdown.ts";
import { CELLS_LIMIT, type Excess, HTML_LIMIT_BYTES, NESTING_LIMIT } from "../templates/markdown-bounds.ts";

/**
 * Markdown that people will read: every body of an update or a postmortem, also of one that is corrected or backfilled.
 */
export const prose = text(BODY_LIMIT).check(
  z.check(({ value, issues }) => {
    const excess = markdownExcess(value);
    if (excess !== null) issues.push({ code: "custom", message: problemOf(excess), input: value });
  }),
);

function problemOf(excess: Excess): string {
  switch (excess.of) {
    case "nesting":
      return `is nested too deeply: ${NESTING_LIMIT} elements within each other are the most (a list's level has two)`;
    case "cells":
      return `has tables of ${excess.cells} cells in all: ${CELLS_LIMIT} are the most, empty ones that fill a row among them`;
    case "html":
      return `would become at least ${excess.bytes} bytes of HTML: ${HTML_LIMIT_BYTES} are the most`;
  }
}
