import { type Component, type ComponentStatus, componentStatusSchema } from "./component.ts";
import type { Impact } from "./incident.ts";

/** In Statuspage's words, which its JSON has in every language of the page. */
export type PageDescription =
  | "All Systems Operational"
  | "Service Under Maintenance"
  | "Partially Degraded Service"
  | "Minor Service Outage"
  | "Partial System Outage"
  | "Major System Outage";

export interface PageStatus {
  indicator: "none" | "maintenance" | "minor" | "major" | "critical";
  description: PageDescription;
}

const OPERATIONAL: PageStatus = { indicator: "none", description: "All Systems Operational" };
const MAINTENANCE: PageStatus = { indicator: "maintenance", description: "Service Under Maintenance" };
const DEGRADED: PageStatus = { indicator: "minor", description: "Partially Degraded Service" };
const MINOR: PageStatus = { indicator: "minor", description: "Minor Service Outage" };
const MAJOR: PageStatus = { indicator: "major", description: "Partial System Outage" };
const CRITICAL: PageStatus = { indicator: "critical", description: "Major System Outage" };

const IMPACT_WHEN_EMPTY: Record<Impact, PageStatus> = {
  none: OPERATIONAL,
  maintenance: MAINTENANCE,
  minor: MINOR,
  major: MAJOR,
  critical: CRITICAL,
};

/**
 * The page's status from its components (groups have none of their own), by Statuspage's rule.
 * `openImpacts` (impacts of unresolved incidents) counts only on a page without components.
 */
export function pageStatus(
  components: readonly Pick<Component, "status">[],
  openImpacts: readonly Impact[],
): PageStatus {
  if (components.length === 0) return IMPACT_WHEN_EMPTY[worstImpact(openImpacts)];
  const has = (status: ComponentStatus) => components.some((component) => component.status === status);
  if (components.every((component) => component.status === "major_outage")) return CRITICAL;
  if (has("major_outage")) return MAJOR;
  if (has("partial_outage")) return components.length === 1 ? { ...MINOR, description: MAJOR.description } : MINOR;
  if (has("degraded_performance")) return DEGRADED;
  if (has("under_maintenance")) return MAINTENANCE;
  return OPERATIONAL;
}

/** What the top of the page says: its components' state, or the impact of what is open if that is worse. */
export type Headline =
  | { kind: "components"; status: PageStatus }
  | { kind: "incidents"; impact: Exclude<Impact, "maintenance"> };

/**
 * Never better than what is open. Statuspage's rollup stays at "All Systems Operational" for an incident without
 * components, or with an impact that an operator set. `openImpacts`: of incidents that are not over, and of
 * maintenances that have begun.
 */
export function headlineOf(status: PageStatus, openImpacts: readonly Impact[]): Headline {
  const worst = worstImpact(openImpacts);
  const isWorse = impactRank(worst) > impactRank(status.indicator);
  if (worst === "maintenance") return { kind: "components", status: isWorse ? MAINTENANCE : status };
  const isSilent = status.indicator === "none" && openImpacts.length > 0;
  return isWorse || isSilent ? { kind: "incidents", impact: worst } : { kind: "components", status };
}

const IMPACT_ORDER: readonly Impact[] = ["none", "maintenance", "minor", "major", "critical"];

export function worstImpact(impacts: readonly Impact[]): Impact {
  return impacts.reduce<Impact>((worst, impact) => (impactRank(impact) > impactRank(worst) ? impact : worst), "none");
}

export function impactRank(impact: Impact): number {
  return IMPACT_ORDER.indexOf(impact);
}

/** An incident's impact: the rollup of the page if only the incident's components were not operational. */
export function impactOf(
  allComponents: readonly Pick<Component, "id">[],
  affected: Readonly<Record<string, ComponentStatus>>,
): Impact {
  const seen = allComponents.map((component) => ({ status: affected[component.id] ?? ("operational" as const) }));
  return seen.length === 0 ? "none" : pageStatus(seen, []).indicator;
}

/** The worst of a group's components; the schema lists the statuses from best to worst. */
export function worstStatus(components: readonly Pick<Component, "status">[]): ComponentStatus {
  const order = componentStatusSchema.options;
  return components.reduce<ComponentStatus>(
    (worst, { status }) => (order.indexOf(status) > order.indexOf(worst) ? status : worst),
    "operational",
  );
}
