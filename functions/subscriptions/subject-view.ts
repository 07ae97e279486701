import type { Catalog } from "../core/component.ts";
import type { Delivery } from "../core/delivery.ts";
import { unreachable } from "../core/unreachable.ts";

/** What a delivery is about, as both the operators' API and the portal show it. */
export function presentSubject({ subject, updateId, seq }: Delivery, catalog: Catalog) {
  switch (subject.kind) {
    case "incident":
      return { kind: "update" as const, incident_id: subject.id, incident_update_id: updateId, sequence: seq };
    case "component":
      return {
        kind: "component change" as const,
        incident_id: null,
        incident_update_id: null,
        component_id: subject.id,
        component_update_id: updateId,
        component_name: componentName(catalog, subject.id),
        sequence: seq,
      };
    case "endpoint":
      return { kind: subject.probe, incident_id: null, incident_update_id: null, sequence: null };
    default:
      return unreachable(subject);
  }
}

/** Null: the component has been deleted since. */
export function componentName({ components }: Catalog, id: string): string | null {
  return components.find((component) => component.id === id)?.name ?? null;
}
