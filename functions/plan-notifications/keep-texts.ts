import type { RenderedText } from "../compose/sources.ts";
import type { Clock } from "../core/clock.ts";
import type { Notice } from "../core/notice.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";

/** Eleven writes an update with two languages, whoever there is to read them: a text that a sender misses would stop it. */
export async function keepTexts(
  { pageId, updateId }: Notice,
  texts: readonly RenderedText[],
  { ledger, clock }: { ledger: Pick<Ledger, "keepRendering">; clock: Clock },
): Promise<void> {
  await Promise.all(
    texts.map(({ rendering, ...name }) => ledger.keepRendering({ pageId, updateId, ...name }, rendering, clock())),
  );
}
