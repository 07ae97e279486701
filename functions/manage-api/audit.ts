import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import type { Logger } from "../lambda/logger.ts";
import type { ManageCall, ManageReply, ManageRoute } from "./route.ts";

const withId = z.object({ id: idSchema });

/**
 * The audit trail: one line for each request that may have changed something, saying which key did what to which ids.
 * `unchanged` tells those that asked for what was so already. Never what was said, nor to whom: a name, an address or a text is found under the id by whoever may read it.
 */
export function audit(route: ManageRoute, call: ManageCall, reply: ManageReply, log: Logger): void {
  const named = Object.entries(call.request.params).filter(([, id]) => idSchema.safeParse(id).success);
  const made = withId.safeParse(reply.body);
  log.info("audit", {
    keyId: call.apiKey.id,
    did: `${route.method} ${route.path}`,
    ...Object.fromEntries(named),
    ...(made.success ? { id: made.data.id } : {}),
    status: reply.status,
    ...(reply.unchanged ? { unchanged: true } : {}),
  });
}
