import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { impactSchema, updateStatusSchema } from "../../functions/core/incident.ts";
import { snsTopic, type TopicAttributes } from "../../functions/providers/topic.ts";
import { composeChangeTopicJson } from "../../functions/templates/statuspage/change-webhook.ts";
import { composeUpdateTopicJson } from "../../functions/templates/statuspage/update-webhook.ts";
import type { Config } from "../../infra/settings.ts";
import { seedChange, seedSource } from "../fixtures/template-sources.ts";
import { ROOT } from "./source.ts";
import { environmentOf, resourcesOf, synthesized } from "./synthesized.ts";

const ORGANIZATION = "o-abcdefghij";
const ACCOUNTS = ["111111111111", "222222222222"];
const PROTOCOLS = { "sns:Protocol": ["sqs", "lambda", "firehose"] };

const policySchema = z.object({
  Topics: z.tuple([z.object({ Ref: z.string() })]),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.string(),
        Action: z.string(),
        Principal: z.json(),
        Resource: z.json(),
        Condition: z.json(),
      }),
    ),
  }),
});

/** The status topic's statements, without the one that each topic has: TLS only. */
function allowedOn(topic: Config["topic"]) {
  const { addresses } = synthesized(environmentOf({ topic }));
  const topicArn = z.object({ TopicArn: z.object({ Value: z.object({ Ref: z.string() }) }) });
  const id = topicArn.parse(addresses.toJSON().Outputs).TopicArn.Value.Ref;
  const policies = resourcesOf(addresses, "AWS::SNS::TopicPolicy").map(({ Properties }) =>
    policySchema.parse(Properties),
  );
  const own = policies.filter(({ Topics }) => Topics[0].Ref === id);
  const statements = own.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const denied = statements.filter(({ Effect }) => Effect === "Deny");
  expect(denied).toMatchObject([{ Action: "sns:Publish", Condition: { Bool: { "aws:SecureTransport": "false" } } }]);
  const allowed = statements.filter(({ Effect }) => Effect !== "Deny");
  for (const { Resource } of allowed) expect(Resource).toEqual({ Ref: id });
  return allowed.map(({ Resource, ...statement }) => statement);
}

// In the partition of the settings' region.
const rootOf = (account: string) => `arn:aws:iam::${account}:root`;
const fromOrganization = {
  Effect: "Allow",
  Action: "sns:Subscribe",
  Principal: { AWS: "*" },
  Condition: { StringEquals: { ...PROTOCOLS, "aws:PrincipalOrgID": ORGANIZATION } },
};
const fromAccounts = {
  Effect: "Allow",
  Action: "sns:Subscribe",
  Principal: { AWS: ACCOUNTS.map(rootOf) },
  Condition: { StringEquals: PROTOCOLS },
};

describe("the status topic may be subscribed to", () => {
  it("by nobody outside the account, unless somebody is named", () => {
    expect(allowedOn({})).toEqual([]);
    expect(allowedOn({ accounts: [] })).toEqual([]);
  });

  it.each([
    ["an organisation's accounts", { organization: ORGANIZATION }, [fromOrganization]],
    ["the accounts named", { accounts: ACCOUNTS }, [fromAccounts]],
    [
      "either, when both are named",
      { organization: ORGANIZATION, accounts: ACCOUNTS },
      [fromOrganization, fromAccounts],
    ],
  ])("by %s, from inside AWS only", (_who, topic, statements) => {
    expect(allowedOn(topic)).toEqual(statements);
  });
});

it.each([
  [{ organization: "" }, /topic\.organization: must be an organisation's id/],
  [{ organization: "o-short" }, /topic\.organization: /],
  [{ organization: "o-ABCDEFGHIJ" }, /topic\.organization: /],
  [{ organization: "*" }, /topic\.organization: /],
  [{ organization: `o-${"a".repeat(33)}` }, /topic\.organization: /],
  [{ accounts: ["*"] }, /topic\.accounts\.0: must be an account's id of 12 digits/],
  [{ accounts: ["111111111111", "1234"] }, /topic\.accounts\.1: /],
])("%j is refused by name", (topic, message) => {
  expect(() => environmentOf({ topic })).toThrow(message);
});

describe("docs/topic.md", () => {
  const document = readFileSync(join(ROOT, "docs/topic.md"), "utf8");
  const example = (name: string): unknown => {
    const found = new RegExp(`\`\`\`json ${name}\\n([\\s\\S]*?)\`\`\``).exec(document)?.[1];
    if (found === undefined) throw new Error(`docs/topic.md has no example ${name}`);
    return JSON.parse(found);
  };

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("lists the attributes that are published, with their types, and filters by nothing else", async () => {
    const update = { page: "page", incident: "incident", status: "resolved", impact: "minor", componentIds: [] };
    const change = { page: "page", component: "component", status: "operational", componentIds: ["component"] };
    const published = { ...(await publishedAttributes(update)), ...(await publishedAttributes(change)) };
    const rows = [...document.matchAll(/^\| `([a-z_]+)` \| `(String[.A-Za-z]*)` \|/gm)];
    expect(Object.fromEntries(rows.map(([, name, type]) => [name, type]))).toEqual(published);

    const filter = z.record(z.string(), z.array(z.string()).min(1)).parse(example("filter-policy"));
    expect(Object.keys(published)).toEqual(expect.arrayContaining(Object.keys(filter)));
    expect(updateStatusSchema.options).toEqual(expect.arrayContaining(filter.status ?? []));
    expect(impactSchema.options).toEqual(expect.arrayContaining(filter.impact ?? []));
  });

  it("shows every key of the body", () => {
    const body = composeUpdateTopicJson({ ...seedSource(1), generatedAt: Date.parse("2025-07-07T10:59:01Z") });
    expect(keysOf(example("body"))).toEqual(keysOf(JSON.parse(body)));
    expect(example("body")).toHaveProperty("meta.unsubscribe", null);
    const change = composeChangeTopicJson(seedChange());
    expect(keysOf(example("component-body"))).toEqual(keysOf(JSON.parse(change)));
  });

  it("lets only the topic send to the queue", () => {
    expect(example("queue-policy")).toMatchObject({
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Condition: { ArnEquals: { "aws:SourceArn": expect.stringMatching(/^arn:aws:sns:/) } },
        },
      ],
    });
  });
});

/** Name and type of each attribute in what the real client sends to SNS. */
async function publishedAttributes(attributes: TopicAttributes): Promise<Record<string, string>> {
  let form = new URLSearchParams();
  const sns = createServer(async (request, response) => {
    form = new URLSearchParams(await text(request));
    response.setHeader("content-type", "text/xml");
    response.end("<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>");
  }).listen(0, "127.0.0.1");
  await once(sns, "listening");
  const { port } = z.object({ port: z.number() }).parse(sns.address());
  vi.stubEnv("AWS_ENDPOINT_URL_SNS", `http://127.0.0.1:${port}`);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "local");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "local");
  try {
    await snsTopic("arn:aws:sns:eu-central-1:111111111111:topic").publish("{}", attributes);
  } finally {
    sns.closeAllConnections();
    sns.close();
  }
  const names = [...form].filter(([key]) => /^MessageAttributes\.entry\.\d+\.Name$/.test(key));
  return Object.fromEntries(
    names.map(([key, name]) => [name, form.get(key.replace(/Name$/, "Value.DataType")) ?? "none"]),
  );
}

/** Paths of all keys, each list by its items. */
function keysOf(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => keysOf(item, `${path}[]`)))].sort();
  return Object.entries(value)
    .flatMap(([key, inner]) => keysOf(inner, `${path}.${key}`))
    .sort();
}
