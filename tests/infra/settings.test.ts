import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import cdk from "../../cdk.json" with { type: "json" };
import { readSettings, readSettingsOrExample, refuseContext } from "../../infra/config-file.ts";
import { productionEnvironment } from "../../infra/environments.ts";
import { parseSettings } from "../../infra/settings.ts";
import { OUTPUTS_FILE } from "../../infra/stack-outputs.ts";
import packageJson from "../../package.json" with { type: "json" };
import example from "../../tocsin.config.example.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { ROOT } from "./source.ts";

const later = afterTheTest();

const LEAST = { region: "eu-central-1", mailFrom: null, alarmEmail: null };
const parse = (config: unknown) => parseSettings(config, "tocsin.config.ts");

/** A file of that content, as TOCSIN_CONFIG names it. */
async function configFile(content: string): Promise<{ TOCSIN_CONFIG: string }> {
  const folder = await temporaryFolder("config");
  later(folder.remove);
  const path = join(folder.path, "tocsin.config.ts");
  writeFileSync(path, content);
  return { TOCSIN_CONFIG: path };
}

describe("the settings", () => {
  it("need a region, and a word on mail and alarms", () => {
    expect(parse(LEAST)).toMatchObject({
      deployment: "Tocsin",
      account: null,
      protectData: true,
      sms: { countries: [], maxPrice: 0.15, dailyCeiling: 20, senderId: null },
    });
    expect(() => parse({})).toThrow(
      /^tocsin\.config\.ts: region: is missing\ntocsin\.config\.ts: mailFrom: is (missing|required)\ntocsin\.config\.ts: alarmEmail: is (missing|required)$/,
    );
  });

  it("are all in the example, which says so where one is commented out", () => {
    expect(parse(example)).toMatchObject({ mailFrom: null, alarmEmail: null });
    const file = readFileSync(join(ROOT, "tocsin.config.example.ts"), "utf8");
    for (const setting of Object.keys(parse(LEAST))) expect(file).toMatch(new RegExp(`^ +(// )?${setting}: `, "m"));
  });

  it.each([
    [undefined, /^tocsin\.config\.ts: must say "export default defineConfig/],
    [{ topicAccounts: ["111111111111"] }, /^tocsin\.config\.ts: topicAccounts: there is no such setting$/],
    [{ sms: { contries: ["DE"] } }, /^tocsin\.config\.ts: sms\.contries: there is no such setting$/],
    [{ region: "Frankfurt" }, /region: must be a region's name such as eu-central-1/],
    [{ pageUrl: "https://status.example.com/" }, /pageUrl: must not end with a slash/],
    [{ pageUrl: "http://status.example.com" }, /pageUrl: must be an https address/],
    [{ pageUrl: "https://a;script-src.example" }, /pageUrl: must be an http or https address/],
    [{ pageUrl: "https://status.example.com?x" }, /pageUrl: must not have a \? or #/],
    [{ signUpPageUrl: "https://example.com/sign;up" }, /signUpPageUrl: must be an http or https address/],
    [{ sms: { countries: ["Germany"] } }, /sms\.countries\.0: .*two letters/],
    [{ sms: { countries: ["DE", "XX"] } }, /sms\.countries\.1: .*two letters/],
    [{ sms: { maxPrice: "cheap" } }, /sms\.maxPrice: /],
    [{ sms: { maxPrice: 1e-7 } }, /sms\.maxPrice: must be a decimal number of USD/],
    [{ sms: { senderId: "1234" } }, /sms\.senderId: .*at least one a letter/],
    [{ sms: { senderId: "Acme Status" } }, /sms\.senderId: must be 1 to 11 letters and digits/],
    [{ mailFrom: "status" }, /mailFrom: must be an email address: it has no @/],
    [{ emailsPerSecond: 0 }, /emailsPerSecond: must be more than 0/],
    [{ certificateArn: "arn:aws:acm:us-east-1:1:certificate/x" }, /pageUrl: must be given with certificateArn/],
    [{ hostedZone: { id: "example.com", name: "example.com" } }, /hostedZone\.id: must be a hosted zone's id/],
    [{ hostedZone: { id: "Z1", name: "example.com." } }, /hostedZone\.name: must be a domain .* without a dot/],
    [
      { hostedZone: { id: "Z1", name: "example.com" }, pageUrl: "https://status.exmaple.com" },
      /pageUrl: must be https:\/\/ and a host in example\.com alone/,
    ],
    [
      { hostedZone: { id: "Z1", name: "example.com" }, manageUrl: "https://api.example.com/status" },
      /manageUrl: must be https:\/\/ and a host in example\.com alone/,
    ],
    [{ captcha: { verifyUrl: "https://example.com", secretFrom: "A" } }, /signUpPageUrl: must be given with captcha/],
    [{ monthlyBudget: 20 }, /alarmEmail: must be given with monthlyBudget/],
    [{ alarmEmail: "oncall@example.com", monthlyBudget: 0 }, /monthlyBudget: must be more than 0/],
    [{ logDays: 31 }, /logDays: must be one of 1, 3, 5/],
    [{ account: "1234" }, /account: must be an account's id of 12 digits/],
  ])("are refused in one line that names what is wrong with %j", (wrong, message) => {
    const config = wrong === undefined ? undefined : { ...LEAST, ...wrong };
    expect(() => parse(config)).toThrow(message);
    expect(() => parse(config)).not.toThrow(/\n/);
  });

  it("take the UK for GB, and small letters", () => {
    expect(parse({ ...LEAST, sms: { countries: ["de", "uk"] } }).sms.countries).toEqual(["DE", "GB"]);
  });

  it("name a secret that the environment has, and its absence is an error", () => {
    const captcha = { verifyUrl: "https://captcha.example.com", secretFrom: "CAPTCHA_SECRET" };
    const settings = parse({ ...LEAST, signUpPageUrl: "https://example.com/sign-up", captcha });
    expect(productionEnvironment(settings, { CAPTCHA_SECRET: "s" }).captcha).toEqual({
      verifyUrl: "https://captcha.example.com",
      secret: "s",
    });
    expect(() => productionEnvironment(settings, {})).toThrow(
      "captcha.secretFrom: the environment has no CAPTCHA_SECRET",
    );
  });

  it("never let webhooks go to private addresses", () => {
    expect(productionEnvironment(parse(LEAST), {}).webhookTargets).toBe("public");
  });
});

describe("the file", () => {
  it("is read from where TOCSIN_CONFIG says", async () => {
    const shell = await configFile(`export default ${JSON.stringify(LEAST)}`);
    expect(await readSettings(shell)).toEqual(parse(LEAST));
    expect(await readSettingsOrExample(shell)).toEqual(parse(LEAST));
  });

  it("is missed by what deploys, in one line that says how it is made", async () => {
    const missing = { TOCSIN_CONFIG: "no-such.config.ts" };
    const line = "There is no no-such.config.ts: copy tocsin.config.example.ts to it, and set what is yours";
    await expect(readSettings(missing)).rejects.toThrow(line);
    // Whoever names a file means that file.
    await expect(readSettingsOrExample(missing)).rejects.toThrow(line);
  });

  it.each([
    ["const settings = {};", /: must say "export default defineConfig/],
    ["export default {\n  region: ;\n};", /tocsin\.config\.ts/],
    ['throw new Error("no");', /tocsin\.config\.ts: no$/],
  ])("of %j is refused in one line", async (content, message) => {
    const shell = await configFile(content);
    await expect(readSettings(shell)).rejects.toThrow(message);
    await expect(readSettings(shell)).rejects.not.toThrow(/\n/);
  });
});

it("is all that a deployment needs: the CDK's own command does what npm's does", () => {
  expect(packageJson.scripts.deploy).toBe("cdk deploy --all");
  expect(cdk.outputsFile).toBe(OUTPUTS_FILE);
});

describe("-c", () => {
  it("gives no settings any more", () => {
    expect(() => refuseContext({ ...cdk.context, mailFrom: "a@b.example", topicAccounts: "1" }, cdk.context)).toThrow(
      "-c mailFrom, -c topicAccounts: settings are in tocsin.config.ts, and nothing is read from -c",
    );
  });

  it("may still say what CDK understands", () => {
    refuseContext(
      { ...cdk.context, "aws:cdk:bundling-stacks": [], "@aws-cdk/core:checkSecretUsage": false },
      cdk.context,
    );
  });

  it("ends the app before anything is synthesized, with that line and no stack", async () => {
    const { code, stdout, stderr } = await runApp({ CDK_CONTEXT_JSON: JSON.stringify({ mailFrom: "a@b.example" }) });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe("-c mailFrom: settings are in tocsin.config.ts, and nothing is read from -c\n");
  });
});

it("wrong settings end the app with a line each", async () => {
  const shell = await configFile(
    'export default { region: "eu-central-1", mailFrom: "status", alarmEmail: null, x: 1 }',
  );
  const { code, stderr } = await runApp(shell);
  expect(code).toBe(1);
  expect(stderr.trimEnd().split("\n")).toEqual([
    expect.stringMatching(/tocsin\.config\.ts: mailFrom: must be an email address: it has no @$/),
    expect.stringMatching(/tocsin\.config\.ts: x: there is no such setting$/),
  ]);
});

async function runApp(shell: Record<string, string>) {
  const child = spawn(process.execPath, [join(ROOT, "infra/app.ts")], {
    env: { ...shell, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
