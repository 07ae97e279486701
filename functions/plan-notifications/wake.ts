import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import { type PlanWork, planWorkSchema } from "../core/queued-work.ts";

const stringAttribute = z.object({ S: idSchema });
/** Of an update's image only its name counts: what to plan is read from the tables. */
const imageSchema = z.object({ pageId: stringAttribute, id: stringAttribute });

export function planWorkOfImage(image: unknown): PlanWork {
  const { pageId, id } = imageSchema.parse(image);
  return { pageId: pageId.S, updateId: id.S };
}

export function planWorkOf(body: string): PlanWork {
  return planWorkSchema.parse(JSON.parse(body));
}
