import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import { type PlanWork, planWorkSchema, type QuarantineWork, quarantineWorkSchema } from "../core/queued-work.ts";

const stringAttribute = z.object({ S: idSchema });
/** Of an update's image only its name counts: what to plan is read from the tables. */
const imageSchema = z.object({ pageId: stringAttribute, id: stringAttribute });

const planningWorkSchema = z.union([quarantineWorkSchema, planWorkSchema]);

export function planWorkOfImage(image: unknown): PlanWork {
  const { pageId, id } = imageSchema.parse(image);
  return { pageId: pageId.S, updateId: id.S };
}

/** What comes over the planning queue: a missed notice, or a mail to render for a sender. */
export function planningWorkOf(body: string): PlanWork | QuarantineWork {
  return planningWorkSchema.parse(JSON.parse(body));
}
