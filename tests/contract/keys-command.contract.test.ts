import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, inject, it } from "vitest";
import { dynamoAccessStore } from "../../functions/store/access/dynamo-access.ts";
import { dynamoKeyStore } from "../../functions/store/keys/dynamo-keys.ts";
import { dynamoStatusStore } from "../../functions/store/status/dynamo-status.ts";
import { createFirstPage } from "../../infra/first-page.ts";
import { closeServer, listen } from "../../infra/local/listen.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { manageWorld } from "../unit/manage-api/manage-world.ts";
import { describeOnDynamo } from "./on-both.ts";

const later = afterTheTest();

const ACCOUNT = "111111111111";
const KEY = /tcn_([a-z0-9]{12})_[0-9a-f]{64}/;

describeOnDynamo("npm run keys, with AWS credentials and the outputs of a deployment", (server) => {
  it("goes through what the runbook says of a leaked key", async () => {
    const { client, tables } = server();
    const stores = {
      status: dynamoStatusStore({ client, statusTable: tables.status, deliveriesTable: tables.deliveries }),
      access: dynamoAccessStore({ client, table: tables.access, random: randomBytes }),
      keys: dynamoKeyStore({ client, table: tables.keys }),
    };
    const folder = await temporaryFolder("keys");
    later(folder.remove);
    const outputs = join(folder.path, "cdk-outputs.json");
    writeFileSync(
      outputs,
      JSON.stringify({
        TocsinState: {
          StatusTableName: tables.status,
          DeliveriesTableName: tables.deliveries,
          AccessTableName: tables.access,
          KeysTableName: tables.keys,
          Account: ACCOUNT,
          Region: "eu-central-1",
        },
        TocsinPipeline: {
          ManageUrl: "https://manage.example.com",
          PageUrl: "https://status.example.com",
          AlarmTopicArn: "a",
          ConfigurationSetName: "c",
        },
      }),
    );
    const settings = join(folder.path, "tocsin.config.ts");
    writeFileSync(settings, 'export default { region: "eu-central-1", mailFrom: null, alarmEmail: null };');
    const sts = await identityServer();
    later(sts.close);
    const command = async (...args: string[]) => {
      const script = join(import.meta.dirname, "../../infra/keys/main.ts");
      const child = spawn(process.execPath, [script, ...args, "--outputs", outputs], {
        env: {
          NODE_NO_WARNINGS: "1",
          AWS_ENDPOINT_URL_DYNAMODB: inject("dynamoEndpoint") ?? "",
          AWS_ENDPOINT_URL_STS: sts.url,
          TOCSIN_CONFIG: settings,
          // The shell's own region counts for nothing: the deployment's does.
          AWS_REGION: "us-west-2",
          AWS_ACCESS_KEY_ID: "contract",
          AWS_SECRET_ACCESS_KEY: "contract",
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { code: await code, stdout, stderr };
    };
    expect(await command("list")).toMatchObject({ code: 1, stderr: expect.stringContaining("no page yet") });
    sts.isOf("222222222222");
    expect(await command("list")).toMatchObject({
      code: 1,
      stderr: `The deployment is in account ${ACCOUNT}, eu-central-1, and this shell's credentials are of 222222222222\n`,
    });
    sts.isOf(ACCOUNT);
    const first = await createFirstPage(
      { name: "Acme", timeZone: "UTC", locale: "en" },
      { ...stores, clock: Date.now, random: randomBytes },
    );
    if (first.outcome !== "created") throw new Error(first.outcome);
    const { page, apiKey: leaked } = first;
    const { raw } = await manageWorld({ ...stores, clock: Date.now });
    const call = (key: string, method: string, path: string, json?: unknown) =>
      raw(method, `/v1/pages/${page.id}${path}`, {
        headers: { authorization: `OAuth ${key}` },
        ...(json === undefined ? {} : { json }),
      });
    // Whoever found it makes one that they hope to keep.
    const stolen = await call(leaked, "POST", "/api_keys", { api_key: { name: "mine", scopes: ["keys:write"] } });
    const [kept = "", keptId = ""] = KEY.exec(stolen.text) ?? [];
    expect((await call(kept, "GET", "/api_keys")).status).toBe(403);

    const [, leakedId = ""] = KEY.exec(leaked) ?? [];
    const list = await command("list");
    expect(list.stdout).toMatch(new RegExp(`^${keptId} .* ${leakedId} .* mine `, "m"));
    expect(await command("revoke", leakedId)).toMatchObject({ code: 1, stderr: expect.stringContaining(keptId) });
    expect(await command("revoke", leakedId, "--made", "revoke")).toMatchObject({ code: 0 });
    for (const key of [leaked, kept]) expect((await call(key, "GET", "/api_keys")).status).toBe(401);

    // The last key is gone, and that is no harm.
    const again = await command("create", "--name", "again", "--scopes", "all");
    const [fresh = "", freshId = ""] = KEY.exec(again.stdout) ?? [];
    expect((await call(fresh, "GET", "/api_keys")).status).toBe(200);
    const [rotated = ""] = KEY.exec((await command("rotate", freshId)).stdout) ?? [];
    for (const key of [fresh, rotated]) expect((await call(key, "GET", "/api_keys")).status).toBe(200);
  });
});

/** STS, as far as it says whose the credentials are: the account of its answer is whatever the test says. */
async function identityServer() {
  let account = ACCOUNT;
  const server = createServer((_, response) => {
    const identity = `<Account>${account}</Account><UserId>u</UserId><Arn>arn:aws:iam::${account}:user/u</Arn>`;
    response.setHeader("content-type", "text/xml");
    response.end(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${identity}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
  });
  const port = await listen(server, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => closeServer(server),
    isOf: (other: string) => {
      account = other;
    },
  };
}
