import { CfnBudget } from "aws-cdk-lib/aws-budgets";
import { Construct } from "constructs";

export interface BudgetProps {
  /** USD a month. */
  amount: number;
  /** Who is mailed. AWS Budgets mails them itself, and they have nothing to confirm. */
  email: string;
}

/**
 * Mails somebody before the account's month costs more than expected. A budget without actions costs nothing (price
 * list of AWS Budgets: "$0.00 for Budget-days"). It counts all that the account pays for: AWS knows what belongs to one
 * deployment only by tags that somebody activated for billing first. It has no name, because CloudFormation replaces a
 * budget whose recipient changes, and a name is unique within an account.
 */
export class Budget extends Construct {
  constructor(scope: Construct, id: string, { amount, email }: BudgetProps) {
    super(scope, id);
    const notify = (notificationType: "ACTUAL" | "FORECASTED", threshold: number) => ({
      notification: { notificationType, comparisonOperator: "GREATER_THAN", threshold, thresholdType: "PERCENTAGE" },
      subscribers: [{ subscriptionType: "EMAIL", address: email }],
    });
    new CfnBudget(this, "Budget", {
      budget: { budgetType: "COST", timeUnit: "MONTHLY", budgetLimit: { amount, unit: "USD" } },
      notificationsWithSubscribers: [notify("ACTUAL", 80), notify("ACTUAL", 100), notify("FORECASTED", 100)],
    });
  }
}
