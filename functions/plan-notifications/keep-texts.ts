import type { RenderedText } from "../compose/sources.ts";
import type { Clock } from "../core/clock.ts";
import type { Notice } from "../core/notice.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";

/**
 * Eleven writes an update with two languages, even if nobody reads some of them: a sender that missed a text would
 * stop.
 */
export async function keepTexts(
  { pageId, updateId }: Notice,
  texts: readonly RenderedText[],
  { ledger, clock }: { ledger: Pick<Ledger, "keepRendering">; clock: Clock },
): Promise<void> {
  await Promise.all(
    texts.map(({ rendering, ...name }) => ledger.keepRendering({ pageId, updateId, ...name }, rendering, clock())),
  );
}
