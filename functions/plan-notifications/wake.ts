import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import type { PlanWork } from "../core/queued-work.ts";

const stringAttribute = z.object({ S: idSchema });
/** Only the name in an image counts: the tables say what to plan. */
const updateImageSchema = z.object({ pageId: stringAttribute, id: stringAttribute });
const changeImageSchema = z.object({
  pageId: stringAttribute,
  notice: z.object({ M: z.object({ id: stringAttribute }) }),
});
const imageSchema = z.union([updateImageSchema, changeImageSchema]);

/** Takes the image of an update, or of a component change that is to be announced. */
export function planWorkOfImage(image: unknown): PlanWork {
  const parsed = imageSchema.parse(image);
  const { S: updateId } = "notice" in parsed ? parsed.notice.M.id : parsed.id;
  return { pageId: parsed.pageId.S, updateId };
}
