import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  ACCESS_ITEMS,
  counterWindow,
  idempotencyKey,
  LEADING_KEYS,
  permitsKey,
  scheduleKey,
  signingKeyKey,
  turnKey,
} from "../../functions/store/access/access-items.ts";
import { reach } from "./source.ts";
import { idOf, type Resource, resourceOf, resourcesOf, synthesized } from "./synthesized.ts";

const { pipeline, steps } = synthesized();

const oneOrMany = <T extends z.ZodType>(schema: T) => z.union([z.array(schema), schema.transform((one) => [one])]);
const policySchema = z.object({
  Roles: z.tuple([z.object({ Ref: z.string() })]),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.enum(["Allow", "Deny"]),
        Action: oneOrMany(z.string()),
        Resource: oneOrMany(z.json()),
        Condition: z.record(z.string(), z.record(z.string(), z.json())).default({}),
      }),
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

  it("let send-email send as the sender's address alone, by whichever identity SES takes for it", () => {
    const email = steps.find(({ step }) => step === "send-email")?.logicalId ?? "";
    const sending = statementsOf(email).filter(({ Action }) => Action.some((action) => action.startsWith("ses:Send")));
    expect(sending).toMatchObject([
      { Action: ["ses:SendRawEmail"], Condition: { StringEquals: { "ses:FromAddress": "status@example.com" } } },
    ]);
    // The domain of a parent, and in SES's sandbox the recipient's.
    expect(JSON.stringify(sending)).toContain(':identity/*"');
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
  "status.listTellings": ["Status Query"],
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
  "subscribers.invite": ["Subscribers GetItem", "Subscribers PutItem", "Subscribers UpdateItem"],
  "subscribers.invitationsOf": ["Subscribers GetItem"],
  "subscribers.forgetInvitations": ["Subscribers DeleteItem"],
  "subscribers.confirm": ["Subscribers UpdateItem"],
  "subscribers.confirmEndpoint": [
    "Subscribers GetItem",
    "Subscribers UpdateItem",
    "Subscribers PutItem",
    "Subscribers DeleteItem",
  ],
  "subscribers.countPlaces": ["Subscribers GetItem"],
  "subscribers.changeState": ["Subscribers GetItem", "Subscribers UpdateItem"],
  "subscribers.saveScopes": ["Subscribers UpdateItem"],
  "subscribers.saveConfirmToken": ["Subscribers UpdateItem"],
  "subscribers.rotateSecret": ["Subscribers UpdateItem"],
  "subscribers.findByAddress": ["Subscribers GetItem"],
  "subscribers.replace": ["Subscribers PutItem", "Subscribers UpdateItem"],
  "subscribers.saveHealth": ["Subscribers UpdateItem"],
  "subscribers.block": ["Subscribers PutItem"],
  "subscribers.blockOf": ["Subscribers GetItem"],
  "subscribers.unblock": ["Subscribers DeleteItem"],
  "subscribers.listPurgeable": ["Subscribers/purge Query", "Subscribers BatchGetItem"],
  "subscribers.listUnsettled": ["Subscribers/purge Query", "Subscribers BatchGetItem"],
  "subscribers.removeUnchanged": ["Subscribers DeleteItem", "Subscribers UpdateItem"],
  "subscribers.remove": ["Subscribers GetItem", "Subscribers DeleteItem", "Subscribers UpdateItem"],
  "ledger.getNotice": ["Deliveries GetItem"],
  "ledger.noteQueued": ["Deliveries UpdateItem"],
  "ledger.markPlanned": ["Deliveries UpdateItem"],
  "ledger.settleTopic": ["Deliveries UpdateItem"],
  "ledger.markDone": ["Deliveries UpdateItem"],
  "ledger.listOpenNotices": ["Deliveries/open Query"],
  "ledger.keepRendering": ["Deliveries PutItem"],
  "ledger.getRendering": ["Deliveries GetItem"],
  "ledger.getChunkPlan": ["Deliveries GetItem"],
  "ledger.fixChunks": ["Deliveries UpdateItem"],
  "ledger.claimChunk": ["Deliveries UpdateItem"],
  "ledger.getChunks": ["Deliveries BatchGetItem"],
  "ledger.listChunks": ["Deliveries Query"],
  "ledger.getSums": ["Deliveries BatchGetItem"],
  "ledger.openWindow": ["Deliveries UpdateItem"],
  "ledger.closeWindow": ["Deliveries UpdateItem"],
  "ledger.finishChunk": ["Deliveries GetItem", "Deliveries UpdateItem"],
  "ledger.yieldChunk": ["Deliveries UpdateItem"],
  "ledger.requeueChunk": ["Deliveries UpdateItem"],
  "ledger.recordDeliveries": ["Deliveries BatchWriteItem"],
  "ledger.getDeliveries": ["Deliveries BatchGetItem"],
  "ledger.listSubscriberSubject": ["Deliveries Query"],
  "ledger.changeDelivery": ["Deliveries PutItem", "Deliveries UpdateItem", "Deliveries GetItem"],
  "ledger.listDue": ["Deliveries/due Query"],
  "ledger.postponeDue": ["Deliveries UpdateItem"],
  "ledger.listProblems": ["Deliveries/problems Query"],
  "ledger.listSubscriberDeliveries": ["Deliveries Query"],
  "ledger.listEndpointDeliveries": ["Deliveries/endpoint Query", "Deliveries BatchGetItem"],
  "access.currentSigningKey": ["Access(signingKeys) Query"],
  "access.getSigningKey": ["Access(signingKeys) GetItem"],
  "access.reserveSlots": ["Access(schedules) GetItem", "Access(schedules) UpdateItem"],
  "access.getRate": ["Access(schedules) GetItem"],
  "access.saveRate": ["Access(schedules) UpdateItem"],
  "access.pause": ["Access(schedules) UpdateItem"],
  "access.beginProblem": ["Access(schedules) UpdateItem"],
  "access.endProblem": ["Access(schedules) UpdateItem"],
  "access.count": ["Access(counters) UpdateItem"],
  "access.getCount": ["Access(counters) GetItem"],
  "access.takeTurn": ["Access(turns) UpdateItem"],
  "access.endTurn": ["Access(turns) UpdateItem"],
  "access.beginIdempotent": ["Access(requests) PutItem", "Access(requests) UpdateItem"],
  "access.completeIdempotent": ["Access(requests) UpdateItem"],
  "keys.putKey": ["Keys PutItem", "Keys ConditionCheckItem"],
  "keys.getKey": ["Keys GetItem"],
  "keys.listKeys": ["Keys Query"],
  "keys.saveKey": ["Keys PutItem"],
  "keys.endKey": ["Keys UpdateItem"],
  "keys.touchKey": ["Keys UpdateItem"],
  "access.getPermits": ["Access(permits) GetItem"],
  "access.savePermits": ["Access(permits) PutItem"],
  "access.takeShare": ["Access(permits) UpdateItem"],
  "access.giveBackShare": ["Access(permits) UpdateItem"],
};

/** Code that a step's bundle holds and the step never runs: send-webhook has no send schedule, sweep does not ask for a block. */
const NEVER_RUN: Record<string, readonly string[]> = {
  "send-webhook": ["access.getRate", "access.reserveSlots", "access.pause", "access.beginProblem", "access.endProblem"],
  // What a preview asks of the day's spending; the share of the mails.
  "send-sms": ["access.getCount", "access.takeShare", "access.giveBackShare"],
  sweep: ["subscribers.blockOf"],
};

/**
 * Which role may touch which items, whole: table (kind of item), then the calls. The test below follows the code; this
 * one stays as it is until somebody says here that a role may do more.
 */
const MAY: Record<string, Record<string, string>> = {
  "subscription-api": {
    "Access(counters)": "UpdateItem",
    "Access(permits)": "GetItem PutItem",
    "Access(signingKeys)": "GetItem Query",
    Deliveries: "BatchGetItem GetItem PutItem Query UpdateItem",
    "Deliveries/endpoint": "Query",
    Status: "BatchGetItem GetItem Query",
    "Status/unresolved": "Query",
    Subscribers: "DeleteItem GetItem PutItem UpdateItem",
  },
  "manage-api": {
    "Access(counters)": "GetItem",
    "Access(requests)": "PutItem UpdateItem",
    "Access(schedules)": "GetItem",
    "Access(signingKeys)": "Query",
    Deliveries: "BatchGetItem GetItem PutItem Query UpdateItem",
    "Deliveries/problems": "Query",
    Keys: "ConditionCheckItem GetItem PutItem Query UpdateItem",
    Status: "GetItem PutItem Query UpdateItem",
    "Status/newest": "Query",
    "Status/unresolved": "Query",
    Subscribers: "BatchGetItem DeleteItem GetItem PutItem Query UpdateItem",
    "Subscribers/purge": "Query",
  },
  "publish-page": { Status: "ConditionCheckItem GetItem Query UpdateItem", "Status/newest": "Query" },
  "plan-notifications": {
    "Access(permits)": "GetItem PutItem",
    "Access(schedules)": "GetItem",
    "Access(signingKeys)": "Query",
    Deliveries: "BatchGetItem GetItem PutItem Query UpdateItem",
    Status: "GetItem Query",
    Subscribers: "BatchGetItem GetItem Query",
  },
  "send-email": {
    "Access(permits)": "GetItem PutItem UpdateItem",
    "Access(schedules)": "GetItem UpdateItem",
    "Access(signingKeys)": "Query",
    Deliveries: "BatchGetItem BatchWriteItem GetItem PutItem Query UpdateItem",
    Status: "GetItem Query",
    Subscribers: "BatchGetItem GetItem PutItem Query UpdateItem",
  },
  "send-sms": {
    "Access(permits)": "GetItem PutItem",
    "Access(counters)": "UpdateItem",
    "Access(schedules)": "GetItem UpdateItem",
    "Access(signingKeys)": "Query",
    Deliveries: "BatchGetItem BatchWriteItem GetItem PutItem Query UpdateItem",
    Status: "GetItem Query",
    Subscribers: "BatchGetItem GetItem PutItem Query UpdateItem",
  },
  "send-webhook": {
    "Access(counters)": "UpdateItem",
    "Access(signingKeys)": "Query",
    "Access(turns)": "UpdateItem",
    Deliveries: "BatchGetItem BatchWriteItem GetItem PutItem Query UpdateItem",
    Status: "GetItem Query",
    Subscribers: "BatchGetItem DeleteItem GetItem PutItem Query UpdateItem",
  },
  "receive-feedback": {
    Deliveries: "BatchGetItem GetItem PutItem Query UpdateItem",
    Status: "BatchGetItem Query",
    Subscribers: "GetItem PutItem UpdateItem",
  },
  sweep: {
    "Access(schedules)": "GetItem UpdateItem",
    "Access(signingKeys)": "Query",
    Deliveries: "GetItem Query UpdateItem",
    "Deliveries/due": "Query",
    "Deliveries/open": "Query",
    Status: "BatchGetItem GetItem Query",
    Subscribers: "BatchGetItem DeleteItem PutItem UpdateItem",
    "Subscribers/purge": "Query",
  },
};

describe("no role may touch more than what is written here", () => {
  it.each(steps.map((each) => [each.step, each.logicalId] as const))("%s", (step, logicalId) => {
    const may: Record<string, string> = {};
    for (const grant of granted(logicalId)) {
      const [items = "", action = ""] = grant.split(" ");
      may[items] = [may[items], action].filter((each) => each !== undefined).join(" ");
    }
    expect(may).toEqual(MAY[step]);
  });

  it("lets manage-api alone touch API keys, and nobody write a signing key", () => {
    const all = steps.flatMap(({ step, logicalId }) => granted(logicalId).map((grant) => `${step}: ${grant}`));
    expect(all.filter((each) => each.includes(" Keys ") && !each.startsWith("manage-api:"))).toEqual([]);
    expect(all.filter((each) => /signingKeys\) (?!GetItem|Query)/.test(each))).toEqual([]);
    // Of the access table no role has all kinds of items.
    expect(all.filter((each) => each.includes(": Access "))).toEqual([]);
  });
});

it("each item of the access table is of one kind, as IAM matches its key", () => {
  const id = "abcdefghijkl";
  const keys = {
    signingKeys: signingKeyKey(id, 1),
    schedules: scheduleKey("email"),
    counters: counterWindow(`${id}|sms code|${id}`, { most: 1, windowMs: 1 }, 0).key,
    permits: permitsKey("ab".repeat(32)),
    requests: idempotencyKey(id, "ab".repeat(32)),
    turns: turnKey(`${id}|probe|${"ab".repeat(32)}`),
  };
  for (const kind of ACCESS_ITEMS) {
    const matching = ACCESS_ITEMS.filter((each) => {
      const pattern = LEADING_KEYS[each].replaceAll("*", ".*");
      return new RegExp(`^${pattern}$`).test(keys[kind].pk);
    });
    expect(matching).toEqual([kind]);
  }
});

describe("each role may call exactly what its step's code calls of the tables", () => {
  it.each(steps.map((each) => [each.step, each.logicalId] as const))("%s", (step, logicalId) => {
    expect(granted(logicalId)).toEqual(needed(step));
  });
});

function needed(step: string): string[] {
  const calls = reach(`functions/${step}/handler.ts`)
    .filter(({ path }) => !path.startsWith("functions/store/"))
    .flatMap(({ text }) =>
      [...text.matchAll(/\b(?:(?:status|subscribers|ledger|access)\.[a-z][A-Za-z]+|keys\.[a-z]+Keys?)(?=\()/g)].map(
        ([call]) => call,
      ),
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
  const actions = statementsOf(logicalId).flatMap(({ Action, Resource, Condition }) =>
    Action.filter((action) =>
      /^dynamodb:(?!DescribeStream|GetRecords|GetShardIterator|ListStreams)/.test(action),
    ).flatMap((action) =>
      Resource.map((resource) => `${tableIn(resource)}${itemsIn(Condition)} ${action.replace("dynamodb:", "")}`),
    ),
  );
  return [...new Set(actions)].sort();
}

/** `(counters)`: the kind of items that a statement is for, or nothing where it is for all of a table. */
function itemsIn(condition: Statement["Condition"]): string {
  if (Object.keys(condition).length === 0) return "";
  const kind = Object.entries(LEADING_KEYS).find(([, leadingKey]) =>
    isDeepStrictEqual(condition, {
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [leadingKey] },
      // Else a call that names no key at all would do.
      Null: { "dynamodb:LeadingKeys": "false" },
    }),
  );
  if (kind === undefined) throw new Error(`of which items is ${JSON.stringify(condition)}?`);
  return `(${kind[0]})`;
}

/** `Deliveries`, or `Deliveries/due` for an index, from the output that the table's ARN is read from. */
function tableIn(resource: unknown): string {
  const text = JSON.stringify(resource);
  const table = /OutputFnGetAtt(Status|Subscribers|Deliveries|Access|Keys)[0-9A-F]{8}Arn/.exec(text)?.[1];
  if (table === undefined) throw new Error(`no table in ${text}`);
  const index = /\/index\/([a-z]+)/.exec(text)?.[1];
  return index === undefined ? table : `${table}/${index}`;
}
