import { type CatalogRow, type Component, catalogRows } from "../../core/component.ts";
import { worstStatus } from "../../core/rollup.ts";
import type { PublicPage } from "../public-page.ts";
import type { Strings } from "../strings/strings.ts";
import { stringsOf } from "../strings/strings-of.ts";
import { COMPONENT_TONES } from "../tone.ts";

/** The components of the page. A group is folded while everything in it is well. */
export function ComponentList({ source }: { source: PublicPage }) {
  const rows = catalogRows(source.catalog).map(withoutHidden).filter(isShown);
  if (rows.length === 0) return null;
  const strings = stringsOf(source.page.locale);
  return (
    <section aria-labelledby="components">
      <h2 id="components">{strings.page.components}</h2>
      <ul class="plain rows card">
        {rows.map((row) =>
          row.kind === "component" ? (
            <li key={row.component.id}>
              <ComponentRow component={row.component} strings={strings} />
            </li>
          ) : (
            <li key={row.group.id}>
              <Group row={row} strings={strings} />
            </li>
          ),
        )}
      </ul>
    </section>
  );
}

interface GroupProps {
  row: Extract<CatalogRow, { kind: "group" }>;
  strings: Strings;
}

function Group({ row: { group, components }, strings }: GroupProps) {
  const worst = worstStatus(components);
  const ailing = components.filter(({ status }) => status !== "operational").length;
  return (
    <details open={ailing > 0}>
      <summary class="row">
        <span class="chevron" aria-hidden="true" />
        <span class="name" dir="auto">
          {group.name}
          <span class="count" dir="auto">
            {ailing === 0
              ? strings.page.componentCount(components.length)
              : strings.page.affectedCount(ailing, components.length)}
          </span>
          {group.description === null ? null : (
            <span class="about" dir="auto">
              {group.description}
            </span>
          )}
        </span>
        <StateText status={worst} strings={strings} />
      </summary>
      <ul class="plain group-rows">
        {components.map((component) => (
          <li key={component.id}>
            <ComponentRow component={component} strings={strings} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function ComponentRow({ component, strings }: { component: Component; strings: Strings }) {
  return (
    <div class="row">
      <span class="name" dir="auto">
        {component.name}
        {component.description === null ? null : (
          <span class="about" dir="auto">
            {component.description}
          </span>
        )}
      </span>
      <StateText status={component.status} strings={strings} />
    </div>
  );
}

function StateText({ status, strings }: { status: Component["status"]; strings: Strings }) {
  return (
    <span class={`state-text tone-${COMPONENT_TONES[status]}`}>
      <span class="dot" aria-hidden="true" />
      {strings.components[status]}
    </span>
  );
}

/** Some components are shown only while they are not well. */
function withoutHidden(row: CatalogRow): CatalogRow {
  return row.kind === "component" ? row : { ...row, components: row.components.filter(isVisible) };
}

function isShown(row: CatalogRow): boolean {
  return row.kind === "component" ? isVisible(row.component) : row.components.length > 0;
}

function isVisible(component: Component): boolean {
  return !component.onlyShowIfDegraded || component.status !== "operational";
}
