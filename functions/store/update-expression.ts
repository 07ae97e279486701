import { type Item, toItem } from "./table.ts";

export interface Change {
  set?: Readonly<Record<string, unknown>>;
  /** Set only where there is none yet. */
  setOnce?: Readonly<Record<string, unknown>>;
  /** Numbers to add, or sets to unite with. */
  add?: Readonly<Record<string, unknown>>;
  /** Sets to take away. */
  take?: Readonly<Record<string, unknown>>;
  remove?: readonly string[];
}

export interface UpdateParts {
  UpdateExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Item;
}

const UNCONDITIONAL = { attributes: [], values: {} };

/**
 * Puts a change into DynamoDB's update language. Each attribute may stand in one clause only. A condition written
 * beside it uses `#<attribute>` for attributes, and for values the names given in `condition`.
 */
export function updateParts(
  change: Change,
  condition: { attributes: readonly string[]; values: Readonly<Record<string, unknown>> } = UNCONDITIONAL,
): UpdateParts {
  const { set = {}, setOnce = {}, add = {}, take = {}, remove = [] } = change;
  const changed = { ...set, ...setOnce, ...add, ...take };
  const clauses = [
    clause("SET", [
      ...Object.keys(set).map((name) => `#${name} = :new_${name}`),
      ...Object.keys(setOnce).map((name) => `#${name} = if_not_exists(#${name}, :new_${name})`),
    ]),
    clause(
      "ADD",
      Object.keys(add).map((name) => `#${name} :new_${name}`),
    ),
    clause(
      "DELETE",
      Object.keys(take).map((name) => `#${name} :new_${name}`),
    ),
    clause(
      "REMOVE",
      remove.map((name) => `#${name}`),
    ),
  ];
  const names = [...Object.keys(changed), ...remove, ...condition.attributes];
  return {
    UpdateExpression: clauses.filter((text) => text !== "").join(" "),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: toItem({
      ...Object.fromEntries(Object.entries(changed).map(([name, value]) => [`:new_${name}`, value])),
      ...condition.values,
    }),
  };
}

function clause(keyword: string, parts: readonly string[]): string {
  return parts.length === 0 ? "" : `${keyword} ${parts.join(", ")}`;
}
