import { describe, expect, it } from "vitest";
import { z } from "zod";
import { reach } from "./source.ts";
import { idOf, type Resource, resourceOf, resourcesOf, synthesized } from "./synthesized.ts";

const { pipeline, steps } = synthesized();

const oneOrMany = <T extends z.ZodType>(schema: T) => z.union([z.array(schema), schema.transform((one) => [one])]);
const policySchema = z.object({
  Roles: z.tuple([z.object({ Ref: z.string() })]),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.enum(["Allow", "Deny"]), Action: oneOrMany(z.string()), Resource: oneOrMany(z.json()) }),
    ),
  }),
});
type Statement = z.infer<typeof policySchema>["PolicyDocument"]["Statement"][number];

const policies = resourcesOf(pipeline, "AWS::IAM::Policy").map((policy: Resource) =>
  policySchema.parse(policy.Properties),
);

/** What one step's role may do. */
function statementsOf(logicalId: string): Statement[] {
  const role = idOf(resourceOf(pipeline, logicalId).Properties.Role);
  return policies.filter((policy) => policy.Roles[0].Ref === role).flatMap((policy) => policy.PolicyDocument.Statement);
}

describe("roles", () => {
  it("are one for each function, with no managed policy", () => {
    const roles = resourcesOf(pipeline, "AWS::IAM::Role");
    expect(roles).toHaveLength(steps.length);
    for (const role of roles) expect(role.Properties, role.id).not.toHaveProperty("ManagedPolicyArns");
  });

  it("have no action with a star, and a star for resource only where AWS takes nothing narrower", () => {
    const allowed = policies
      .flatMap((policy) => policy.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === "Allow");
    expect(allowed.flatMap(({ Action }) => Action).filter((action) => action.includes("*"))).toEqual([]);
    const everywhere = allowed.filter(({ Resource }) => Resource.includes("*")).flatMap(({ Action }) => Action);
    expect([...new Set(everywhere)].sort()).toEqual([
      "dynamodb:ListStreams",
      "ses:GetSendQuota",
      "sns:ListPhoneNumbersOptedOut",
      "sns:Publish",
    ]);
  });

  it("let send-sms publish to phone numbers, not to topics", () => {
    const sms = steps.find(({ step }) => step === "send-sms")?.logicalId ?? "";
    const denied = statementsOf(sms).filter(({ Effect }) => Effect === "Deny");
    expect(denied).toHaveLength(1);
    expect(JSON.stringify(denied)).toContain(":sns:*:*:*");
  });
});

/** What each call of a store asks of DynamoDB: table, action, and the index if the query is on one. */
const CALLS: Record<string, readonly string[]> = {
  "status.createPage": ["Status PutItem"],
  "status.getPage": ["Status GetItem"],
  "status.listPages": ["Status Query", "Status BatchGetItem"],
  "status.savePage": ["Status PutItem"],
  "status.getCatalog": ["Status GetItem"],
  "status.saveCatalog": ["Status PutItem", "Status UpdateItem", "Deliveries PutItem"],
  "status.commitIncident": ["Status PutItem", "Status UpdateItem", "Deliveries PutItem"],
  "status.getIncident": ["Status GetItem"],
  "status.listUpdates": ["Status Query"],
  "status.editUpdate": ["Status PutItem", "Status UpdateItem"],
  "status.listIncidents": ["Status/newest Query"],
  "status.listUnresolved": ["Status/unresolved Query"],
  "status.listChanges": ["Status Query"],
  "status.getPublication": ["Status GetItem"],
  "status.leasePublication": ["Status UpdateItem"],
  "status.finishPublication": ["Status UpdateItem", "Status ConditionCheckItem"],
  "status.forgetPublication": ["Status DeleteItem"],
  "subscribers.create": ["Subscribers PutItem"],
  "subscribers.get": ["Subscribers GetItem"],
  "subscribers.find": ["Subscribers BatchGetItem"],
  "subscribers.getMany": ["Subscribers BatchGetItem"],
  "subscribers.list": ["Subscribers Query"],
  "subscribers.listRange": ["Subscribers Query"],
  "subscribers.estimate": ["Subscribers Query"],
  "subscribers.confirm": ["Subscribers UpdateItem"],
  "subscribers.changeState": ["Subscribers UpdateItem"],
  "subscribers.saveScopes": ["Subscribers UpdateItem"],
  "subscribers.saveConfirmToken": ["Subscribers UpdateItem"],
  "subscribers.rotateSecret": ["Subscribers UpdateItem"],
  "subscribers.findByAddress": ["Subscribers GetItem"],
  "subscribers.replace": ["Subscribers PutItem"],
  "subscribers.saveHealth": ["Subscribers UpdateItem"],
  "subscribers.countHost": ["Subscribers Query"],
  "subscribers.block": ["Subscribers PutItem"],
  "subscribers.blockOf": ["Subscribers GetItem"],
  "subscribers.unblock": ["Subscribers DeleteItem"],
  "subscribers.listPurgeable": ["Subscribers/purge Query", "Subscribers BatchGetItem"],
  "subscribers.listUnsettled": ["Subscribers/purge Query", "Subscribers BatchGetItem"],
  "subscribers.removeUnchanged": ["Subscribers DeleteItem"],
  "subscribers.remove": ["Subscribers GetItem", "Subscribers DeleteItem"],
  "ledger.getNotice": ["Deliveries GetItem"],
  "ledger.markPlanned": ["Deliveries UpdateItem"],
  "ledger.markDone": ["Deliveries UpdateItem"],
  "ledger.listOpenNotices": ["Deliveries/open Query"],
  "ledger.keepRendering": ["Deliveries PutItem"],
  "ledger.getRendering": ["Deliveries GetItem"],
  "ledger.getChunkPlan": ["Deliveries GetItem"],
  "ledger.fixChunks": ["Deliveries UpdateItem"],
  "ledger.claimChunk": ["Deliveries UpdateItem"],
  "ledger.getChunks": ["Deliveries BatchGetItem"],
  "ledger.listChunks": ["Deliveries Query"],
  "ledger.openWindow": ["Deliveries UpdateItem"],
  "ledger.closeWindow": ["Deliveries UpdateItem"],
  "ledger.finishChunk": ["Deliveries UpdateItem"],
  "ledger.yieldChunk": ["Deliveries UpdateItem"],
  "ledger.requeueChunk": ["Deliveries UpdateItem"],
  "ledger.recordDeliveries": ["Deliveries BatchWriteItem"],
  "ledger.getDeliveries": ["Deliveries BatchGetItem"],
  "ledger.listSubscriberIncident": ["Deliveries Query"],
  "ledger.changeDelivery": ["Deliveries PutItem", "Deliveries UpdateItem", "Deliveries GetItem"],
  "ledger.listDue": ["Deliveries/due Query"],
  "ledger.postponeDue": ["Deliveries UpdateItem"],
  "ledger.listProblems": ["Deliveries/problems Query"],
  "ledger.listSubscriberDeliveries": ["Deliveries Query"],
  "access.putApiKey": ["Access PutItem"],
  "access.getApiKey": ["Access GetItem"],
  "access.touchApiKey": ["Access UpdateItem"],
  "access.currentSigningKey": ["Access Query", "Access PutItem"],
  "access.getSigningKey": ["Access GetItem"],
  "access.reserveSlots": ["Access GetItem", "Access UpdateItem"],
  "access.getRate": ["Access GetItem"],
  "access.saveRate": ["Access UpdateItem"],
  "access.pause": ["Access UpdateItem"],
  "access.count": ["Access UpdateItem"],
  "access.getCount": ["Access GetItem"],
  "access.beginIdempotent": ["Access PutItem", "Access UpdateItem"],
  "access.completeIdempotent": ["Access UpdateItem"],
};

/** Code that a step's bundle holds and the step never runs: send-webhook has no send schedule, sweep does not ask for a block. */
const NEVER_RUN: Record<string, readonly string[]> = {
  "send-webhook": ["access.getRate", "access.reserveSlots", "access.pause"],
  sweep: ["subscribers.blockOf"],
};

describe("each role may call exactly what its step's code calls of the tables", () => {
  it.each(steps.map((each) => [each.step, each.logicalId] as const))("%s", (step, logicalId) => {
    expect(granted(logicalId)).toEqual(needed(step));
  });
});

function needed(step: string): string[] {
  const calls = reach(`functions/${step}/handler.ts`)
    .filter(({ path }) => !path.startsWith("functions/store/"))
    .flatMap(({ text }) =>
      [...text.matchAll(/\b(?:status|subscribers|ledger|access)\.[a-z][A-Za-z]+(?=\()/g)].map(([call]) => call),
    )
    .filter((call) => !NEVER_RUN[step]?.includes(call));
  const actions = calls.flatMap((call) => {
    const found = CALLS[call];
    if (found === undefined) throw new Error(`${step} calls ${call}: say in CALLS what that asks of DynamoDB`);
    return found;
  });
  return [...new Set(actions)].sort();
}

function granted(logicalId: string): string[] {
  const actions = statementsOf(logicalId).flatMap(({ Action, Resource }) =>
    Action.filter((action) =>
      /^dynamodb:(?!DescribeStream|GetRecords|GetShardIterator|ListStreams)/.test(action),
    ).flatMap((action) => Resource.map((resource) => `${tableIn(resource)} ${action.replace("dynamodb:", "")}`)),
  );
  return [...new Set(actions)].sort();
}

/** `Deliveries`, or `Deliveries/due` for an index, from the import of the table's ARN. */
function tableIn(resource: unknown): string {
  const text = JSON.stringify(resource);
  const table = /ExportsOutputFnGetAtt(Status|Subscribers|Deliveries|Access)[0-9A-F]{8}Arn/.exec(text)?.[1];
  if (table === undefined) throw new Error(`no table in ${text}`);
  const index = /\/index\/([a-z]+)/.exec(text)?.[1];
  return index === undefined ? table : `${table}/${index}`;
}
