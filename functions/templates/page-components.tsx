import { type CatalogRow, type Component, catalogRows } from "../core/component.ts";
import { type PublicPage, worstStatus } from "./statuspage-json.ts";
import { COMPONENT_TONES } from "./tone.ts";
import { COMPONENT_LABELS } from "./wording.ts";

/** The components of the page; a group is folded while all in it is well. */
export function ComponentList({ source }: { source: PublicPage }) {
  const rows = catalogRows(source.catalog).map(withoutHidden).filter(isShown);
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="components">
      <h2 id="components">Components</h2>
      <ul class="plain rows card">
        {rows.map((row) =>
          row.kind === "component" ? (
            <li key={row.component.id}>
              <ComponentRow component={row.component} />
            </li>
          ) : (
            <li key={row.group.id}>
              <Group row={row} />
            </li>
          ),
        )}
      </ul>
    </section>
  );
}

function Group({ row: { group, components } }: { row: Extract<CatalogRow, { kind: "group" }> }) {
  const worst = worstStatus(components);
  const ailing = components.filter(({ status }) => status !== "operational").length;
  return (
    <details open={ailing > 0}>
      <summary class="row">
        <span class="chevron" aria-hidden="true" />
        <span class="name">
          {group.name}
          <span class="count">
            {ailing === 0 ? `${components.length} components` : `${ailing} of ${components.length} affected`}
          </span>
          {group.description === null ? null : <span class="about">{group.description}</span>}
        </span>
        <StateText status={worst} />
      </summary>
      <ul class="plain group-rows">
        {components.map((component) => (
          <li key={component.id}>
            <ComponentRow component={component} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function ComponentRow({ component }: { component: Component }) {
  return (
    <div class="row">
      <span class="name">
        {component.name}
        {component.description === null ? null : <span class="about">{component.description}</span>}
      </span>
      <StateText status={component.status} />
    </div>
  );
}

function StateText({ status }: { status: Component["status"] }) {
  return (
    <span class={`state-text tone-${COMPONENT_TONES[status]}`}>
      <span class="dot" aria-hidden="true" />
      {COMPONENT_LABELS[status]}
    </span>
  );
}

/** Some components are told of only while they are not well. */
function withoutHidden(row: CatalogRow): CatalogRow {
  return row.kind === "component" ? row : { ...row, components: row.components.filter(isVisible) };
}

function isShown(row: CatalogRow): boolean {
  return row.kind === "component" ? isVisible(row.component) : row.components.length > 0;
}

function isVisible(component: Component): boolean {
  return !component.onlyShowIfDegraded || component.status !== "operational";
}
