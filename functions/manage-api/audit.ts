import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";
import { boundedLog } from "../lambda/bounded-log.ts";
import type { Logger } from "../lambda/logger.ts";
import type { ManageCall, ManageReply, ManageRoute } from "./call.ts";

const withId = z.object({ id: idSchema });
/** A revocation may end more than the key that it names. */
const withRevoked = z.object({ revoked: z.array(idSchema) });

/**
 * The audit trail: one line for each request that may have changed something, or that read who somebody is. It says
 * which key did what to which ids. `unchanged` marks requests for something that was so already. It never holds what
 * was said or searched for, nor to whom: people who may read a name, an address or a text find it under the id.
 */
export function audit(route: ManageRoute, call: ManageCall, reply: ManageReply, log: Logger): void {
  if (route.method === "GET" && !readsPersonalData(route)) return;
  const made = withId.safeParse(reply.body);
  const ended = withRevoked.safeParse(reply.body);
  log.info("audit", {
    keyId: call.apiKey.id,
    did: did(route),
    ...idsIn(call.request.params),
    ...(made.success ? { id: made.data.id } : {}),
    ...(ended.success ? { revoked: ended.data.revoked.join(" ") } : {}),
    status: reply.status,
    ...(reply.unchanged ? { unchanged: true } : {}),
  });
}

/** Every answer that may hold somebody's address needs this scope. */
function readsPersonalData({ scope }: ManageRoute): boolean {
  return [scope].flat().includes("subscribers:read");
}

export type RefusalAudit = (
  refused: { reason: string; keyId: string | null; scope?: string },
  route: ManageRoute,
  params: Readonly<Record<string, string>>,
  now: number,
) => void;

/** Keys that were refused: which, why, and for what. Strangers can cause these lines, so their number is bounded. */
export function refusalAudit(log: Logger): RefusalAudit {
  const bounded = boundedLog();
  return ({ reason, keyId, scope }, route, params, now) => {
    bounded(`${reason} ${keyId}`, now, (times) =>
      log.warn("audit", {
        refused: reason,
        keyId,
        ...(scope === undefined ? {} : { scope }),
        did: did(route),
        ...idsIn(params),
        timesThisMinute: times,
      }),
    );
  };
}

function did({ method, path }: ManageRoute): string {
  return `${method} ${path}`;
}

function idsIn(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).filter(([, id]) => idSchema.safeParse(id).success));
}
