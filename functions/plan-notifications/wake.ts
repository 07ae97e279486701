import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import type { PlanWork } from "../core/queued-work.ts";

const stringAttribute = z.object({ S: idSchema });
/** Of an image only the name counts: what to plan is read from the tables. */
const updateImageSchema = z.object({ pageId: stringAttribute, id: stringAttribute });
const changeImageSchema = z.object({
  pageId: stringAttribute,
  notice: z.object({ M: z.object({ id: stringAttribute }) }),
});
const imageSchema = z.union([updateImageSchema, changeImageSchema]);

/** The image of an update, or of a component change that is to be told. */
export function planWorkOfImage(image: unknown): PlanWork {
  const parsed = imageSchema.parse(image);
  const { S: updateId } = "notice" in parsed ? parsed.notice.M.id : parsed.id;
  return { pageId: parsed.pageId.S, updateId };
}
