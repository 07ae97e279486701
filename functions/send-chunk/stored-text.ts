import type { Rendering } from "../core/rendering.ts";
import type { Ledger, RenderingKey } from "../store/deliveries.ts";
import type { UpdateRef } from "./channel-sender.ts";

/** The text that plan-notifications stored before it queued anything of this update. */
export async function storedText(
  update: Pick<UpdateRef, "pageId" | "id">,
  format: RenderingKey["format"],
  ledger: Pick<Ledger, "getRendering">,
): Promise<Rendering> {
  const text = await ledger.getRendering({ pageId: update.pageId, updateId: update.id, format, locale: "en" });
  if (text === null) throw new Error(`update ${update.id} was queued without its stored ${format} text`);
  return text;
}
