import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import { readWork } from "../core/queued-work.ts";
import type { Ledger } from "../store/deliveries/ledger.ts";

/** A chunk or a retry as the previous version queued it: it has the id of its subject, and nothing about the kind. */
const formerWorkSchema = z.looseObject({
  kind: z.enum(["chunk", "retry"]),
  pageId: idSchema,
  incidentId: idSchema,
  updateId: idSchema,
});

/**
 * `readWork` for senders. It also takes what the previous version left in the queue: the notice says what that is
 * about.
 */
export async function readSendWork<S extends z.ZodMiniType>(
  schema: S,
  body: string,
  deps: { ledger: Pick<Ledger, "getNotice"> },
): Promise<z.output<S>> {
  const former = formerWorkSchema.safeParse(JSON.parse(body));
  if (!former.success) return readWork(schema, body);
  const { pageId, updateId } = former.data;
  const notice = await deps.ledger.getNotice(pageId, updateId);
  if (notice === null) throw new Error(`update ${updateId} is in a queue and has no notice in the deliveries table`);
  return schema.parse({ ...former.data, subject: notice.subject });
}
