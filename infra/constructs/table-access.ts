import type { ITable } from "aws-cdk-lib/aws-dynamodb";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { ACCESS_ITEMS, type AccessItems, LEADING_KEYS } from "../../functions/store/access/access-items.ts";

/** The actions for a transaction's parts are those of the single calls. */
type TableAction =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem"
  | "BatchWriteItem";

/**
 * Allows exactly these calls on the table's items, and Query on the named indexes. The table's own grants include every
 * index and every read, even Scan.
 */
export function allow(
  grantee: IGrantable,
  table: ITable,
  actions: readonly TableAction[],
  indexes: readonly string[] = [],
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [table.tableArn],
    }),
  );
  if (indexes.length === 0) return;
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ["dynamodb:Query"],
      resources: indexes.map((index) => `${table.tableArn}/index/${index}`),
    }),
  );
}

/**
 * Allows exactly these calls on these kinds of the access table's items: a role that counts must not overwrite what
 * signs links. AWS asks for `ForAllValues` with `dynamodb:LeadingKeys`; it also holds for a call without any key, so
 * `Null` refuses those. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function allowItems(
  grantee: IGrantable,
  access: ITable,
  kinds: Readonly<Partial<Record<AccessItems, readonly TableAction[]>>>,
): void {
  for (const kind of ACCESS_ITEMS) {
    const actions = kinds[kind];
    if (actions === undefined) continue;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [access.tableArn],
        conditions: {
          "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [LEADING_KEYS[kind]] },
          Null: { "dynamodb:LeadingKeys": "false" },
        },
      }),
    );
  }
}
