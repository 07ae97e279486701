import { componentsInOrder } from "../../core/component.ts";
import { type Impact, updateStatusSchema } from "../../core/incident.ts";
import { ROTATION_OVERLAP_MS } from "../../core/webhook-signature.ts";
import { oneLine } from "../../templates/markdown.ts";
import type { Portal } from "./portal-access.ts";
import { type EnteredFilter, filterOf } from "./portal-filter.ts";
import { Action } from "./portal-parts.tsx";
import { STATUS_LABELS, told } from "./portal-words.ts";

export const MINIMUM_LABELS: Record<Impact, string> = {
  none: "All, maintenances too",
  maintenance: "All, maintenances too, but none without impact",
  minor: "Incidents of minor impact or more",
  major: "Incidents of major impact or more",
  critical: "Incidents of critical impact",
};
const MINIMUMS = ["none", "minor", "major", "critical"] as const;

/** The settings, each in a part of its own that opens without a script. */
export function Settings({ portal, entered }: { portal: Portal; entered: EnteredFilter | null }) {
  return (
    <div class="card settings">
      <Part id="filter" title="Choose which updates are sent" isOpen={entered !== null}>
        <Filter portal={portal} entered={entered} />
      </Part>
      {portal.subscriber.format === "statuspage" ? (
        <Part id="secret" title="Change the signing secret">
          <Secret portal={portal} />
        </Part>
      ) : null}
      <Part id="delete" title="Delete this webhook">
        <p>
          Nothing more is sent to the endpoint, what waits for its next attempt included, and your address is forgotten.
          It can be registered again at any time.
        </p>
        <Action portal={portal} to="delete" kind="grave" label="Delete this webhook" />
      </Part>
    </div>
  );
}

interface PartProps {
  id: string;
  title: string;
  isOpen?: boolean;
  children: preact.ComponentChildren;
}

function Part({ id, title, isOpen = false, children }: PartProps) {
  return (
    <details id={id} open={isOpen}>
      <summary>
        <span class="chevron" aria-hidden="true" />
        <span class="name">{title}</span>
      </summary>
      <div class="box">{children}</div>
    </details>
  );
}

function Filter({ portal, entered }: { portal: Portal; entered: EnteredFilter | null }) {
  const { catalog } = portal;
  const { scopes, statuses, minimumImpact } = entered ?? filterOf(portal.subscriber);
  const minimum = minimumImpact === "maintenance" ? "none" : minimumImpact;
  return (
    <Action portal={portal} to="filter" kind="main" label="Save the choice">
      {entered?.asked !== true ? null : <input type="hidden" name="asked" value="true" />}
      <fieldset>
        <legend>Components</legend>
        <Choice type="radio" name="scope" value="page" label="The whole page" checked={scopes.page} />
        {catalog.components.length === 0 ? null : (
          <>
            <Choice
              type="radio"
              name="scope"
              value="components"
              label="Only what affects one of these"
              checked={!scopes.page}
            />
            <div class="choices">
              {componentsInOrder(catalog).map(({ id, name }) => (
                <Choice
                  key={id}
                  type="checkbox"
                  name="component_ids[]"
                  value={id}
                  label={oneLine(name)}
                  checked={scopes.components.includes(id)}
                />
              ))}
            </div>
          </>
        )}
      </fieldset>
      <fieldset>
        <legend>Updates</legend>
        <Choice type="radio" name="all_statuses" value="true" label="Of every status" checked={statuses === null} />
        <Choice type="radio" name="all_statuses" value="false" label="Only of these" checked={statuses !== null} />
        <div class="choices">
          {updateStatusSchema.options.map((status) => (
            <Choice
              key={status}
              type="checkbox"
              name="statuses[]"
              value={status}
              label={STATUS_LABELS[status]}
              checked={statuses?.includes(status) ?? false}
            />
          ))}
        </div>
      </fieldset>
      <label class="field" for="minimum">
        Impact
        <select id="minimum" name="minimum_impact">
          {MINIMUMS.map((impact) => (
            <option key={impact} value={impact} selected={impact === minimum}>
              {MINIMUM_LABELS[impact]}
            </option>
          ))}
        </select>
      </label>
    </Action>
  );
}

function Choice({
  type,
  name,
  value,
  label,
  checked,
}: {
  type: "radio" | "checkbox";
  name: string;
  value: string;
  label: string;
  checked: boolean;
}) {
  return (
    <label class="choice">
      <input type={type} name={name} value={value} checked={checked} />
      <span dir="auto">{label}</span>
    </label>
  );
}

function Secret({ portal }: { portal: Portal }) {
  const { subscriber, page, now } = portal;
  const overlapsUntil = (subscriber.rotation?.at ?? 0) + ROTATION_OVERLAP_MS;
  return (
    <>
      <p>
        A new secret is shown once. For 24 hours the present one signs beside it, so your receiver can change at any
        time of that day.
      </p>
      {now < overlapsUntil ? (
        <p>
          The secret was changed not long ago: the one before signs until {told(overlapsUntil, page)}. Changed once more
          now, that one is void at once.
        </p>
      ) : null}
      <Action portal={portal} to="rotate-secret" kind="main" label="Make a new secret">
        <input type="hidden" name="from" value={String(subscriber.secretVersion)} />
      </Action>
    </>
  );
}
