import * as z from "zod/mini";
import { hearsNothing, withoutComponent } from "../../core/chosen.ts";
import type { Catalog } from "../../core/component.ts";
import { CHANNELS } from "../../core/subscriber.ts";
import { fieldsIn, flag, optional } from "../../lambda/input.ts";
import { sample } from "../../subscriptions/sample.ts";
import { type ManageCall, type ManageDeps, type ManageReply, param } from "../call.ts";
import { componentIn, editCatalog } from "./catalog-edit.ts";

const querySchema = z.object({ confirm: optional(flag) });

/**
 * Deletes a component. If subscribers chose it, the caller must confirm first: the answer before says how many they
 * are, and nothing brings their choice back. If nobody did, it deletes at once, as Statuspage does.
 */
export async function removeComponent(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const id = param(call, "component");
  const { confirm = false } = fieldsIn(querySchema, Object.fromEntries(call.request.query), "");
  if (!confirm) {
    const catalog = await deps.status.getCatalog(call.page.id);
    componentIn(catalog, id);
    const choosers = await countChoosers(deps, call, catalog, id);
    if (choosers.chose > 0) return refusal(choosers);
  }
  await editCatalog(deps, call.page.id, (present, now) => {
    componentIn(present, id);
    return { catalog: withoutComponent(present, id, now), change: null };
  });
  return { status: 204 };
}

interface Choosers {
  chose: number;
  /** How many of those would hear of nothing any more. */
  onlyThis: number;
  isEstimate: boolean;
}

const READING_TIME_MS = 8_000;

/** Counts subscribers who may still get something: those who left do not count. */
async function countChoosers(deps: ManageDeps, { page }: ManageCall, catalog: Catalog, id: string): Promise<Choosers> {
  const rest = withoutComponent(catalog, id, 0);
  const until = deps.clock() + READING_TIME_MS;
  const counted = await Promise.all(
    CHANNELS.map(async (channel): Promise<Choosers> => {
      const found = { chose: 0, onlyThis: 0 };
      const { toAll, isEstimate } = await sample(deps, { pageId: page.id, channel, until }, ({ state, scopes }) => {
        if (state === "unsubscribed" || scopes.page || !scopes.components.includes(id)) return;
        found.chose += 1;
        if (hearsNothing(scopes, rest)) found.onlyThis += 1;
      });
      return { chose: toAll(found.chose), onlyThis: toAll(found.onlyThis), isEstimate };
    }),
  );
  return counted.reduce((a, b) => ({
    chose: a.chose + b.chose,
    onlyThis: a.onlyThis + b.onlyThis,
    isEstimate: a.isEstimate || b.isEstimate,
  }));
}

function refusal({ chose, onlyThis, isEstimate }: Choosers): ManageReply {
  const about = isEstimate ? "about " : "";
  const whom = `${about}${chose} ${chose === 1 ? "subscriber" : "subscribers"} chose this component`;
  const left = `${about}${onlyThis} of them would hear of nothing any more until they choose anew`;
  const problem = "must be true to delete a component that subscribers chose";
  return {
    status: 409,
    body: {
      error: `${whom}; ${left}. To delete it all the same, add ?confirm=true`,
      details: [{ field: "confirm", problem }],
      subscribers: { chose, only_this: onlyThis, is_estimate: isEstimate },
    },
  };
}
