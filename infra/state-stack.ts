import { CfnOutput, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
} from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import type { Environment } from "./environments.ts";

export interface StateStackProps extends StackProps {
  environment: Environment;
}

/** Everything that must outlive a deployment: five tables, each with its own readers and writers. */
export class StateStack extends Stack {
  /** Public: the page, its components, incidents and updates. */
  readonly status: Table;
  /** Personal data. */
  readonly subscribers: Table;
  /** Outbox and ledger. */
  readonly deliveries: Table;
  /** Signing keys, idempotency, rates. */
  readonly access: Table;
  /** API keys, apart from the tables that other functions must write. */
  readonly keys: Table;

  constructor(scope: Construct, id: string, { environment, ...props }: StateStackProps) {
    super(scope, id, { ...props, terminationProtection: environment.protectData });
    const table = (name: string, more: Partial<TableProps> = {}) => newTable(this, name, environment, more);

    this.status = table("Status", { stream: StreamViewType.NEW_IMAGE });
    // Local, not global: incidents are listed right after they were posted, which takes consistent reads. Only headers
    // that are not withdrawn have these attributes.
    this.status.addLocalSecondaryIndex({ indexName: "newest", sortKey: number("newestAt") });
    this.status.addLocalSecondaryIndex({ indexName: "unresolved", sortKey: number("unresolvedAt") });

    // Only invitations expire this way. A subscriber is removed together with everything that belongs to them (ADR 18).
    this.subscribers = table("Subscribers", { timeToLiveAttribute: "expiresAt" });
    // Only unconfirmed subscribers, and those in quarantine, have these attributes.
    this.subscribers.addGlobalSecondaryIndex({
      indexName: "purge",
      partitionKey: text("purgePk"),
      sortKey: text("purgeSk"),
      projectionType: ProjectionType.KEYS_ONLY,
    });

    this.deliveries = table("Deliveries", { timeToLiveAttribute: "expiresAt" });
    for (const index of ["problems", "due", "open"]) {
      this.deliveries.addGlobalSecondaryIndex({
        indexName: index,
        partitionKey: text(`${index}Pk`),
        sortKey: text(`${index}Sk`),
        projectionType: ProjectionType.ALL,
      });
    }

    // Only deliveries to endpoints have the sort key, so only they pay for the index, and once: it never changes.
    this.deliveries.addGlobalSecondaryIndex({
      indexName: "endpoint",
      partitionKey: text("pk"),
      sortKey: text("endpointSk"),
      projectionType: ProjectionType.KEYS_ONLY,
    });

    this.access = table("Access", { timeToLiveAttribute: "expiresAt" });

    // An ended key must still be refused as ended, so DynamoDB deletes it later than its end.
    this.keys = table("Keys", { timeToLiveAttribute: "forgetAt" });

    // For the commands: where the deployment is, and its tables.
    new CfnOutput(this, "Account", { value: this.account });
    new CfnOutput(this, "Region", { value: this.region });
    new CfnOutput(this, "StatusTableName", { value: this.status.tableName });
    new CfnOutput(this, "SubscribersTableName", { value: this.subscribers.tableName });
    new CfnOutput(this, "DeliveriesTableName", { value: this.deliveries.tableName });
    new CfnOutput(this, "AccessTableName", { value: this.access.tableName });
    new CfnOutput(this, "KeysTableName", { value: this.keys.tableName });
  }
}

function newTable(scope: Construct, id: string, { protectData }: Environment, more: Partial<TableProps>): Table {
  return new Table(scope, id, {
    partitionKey: text("pk"),
    sortKey: text("sk"),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: protectData,
    removalPolicy: protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    ...more,
  });
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING };
}

function number(name: string): Attribute {
  return { name, type: AttributeType.NUMBER };
}
