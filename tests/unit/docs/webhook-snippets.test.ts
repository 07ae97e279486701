import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { retryDelay } from "../../../functions/core/retry-schedule.ts";
import { webhookId, webhookSecret, webhookSignature } from "../../../functions/core/webhook-signature.ts";
import { afterTheFile, temporaryFolder } from "../../fixtures/clean-up.ts";

const run = promisify(execFile);
const DOCUMENT = await readFile(new URL("../../../docs/webhooks.md", import.meta.url), "utf8");
/** The verdicts of a snippet on a webhook really signed, and on those that must not pass. */
const EXPECTED = {
  right: true,
  rotating: true,
  body: false,
  id: false,
  secret: false,
  signature: false,
  old: false,
  early: false,
};

type Name = keyof typeof EXPECTED;
interface Case {
  name: string;
  secret: string;
  headers: { "webhook-id": string; "webhook-timestamp": string; "webhook-signature": string };
  body: string;
  now: number;
}

const master = { version: 1, key: randomBytes(32) };
const secret = webhookSecret(master, "page00000001", "subscriber01", 1);
const other = webhookSecret(master, "page00000001", "subscriber01", 2);
const NOW = 1_763_942_400;
const cases: Case[] = (() => {
  const body = JSON.stringify({ incident: { name: "Störung „API“ %s \\n", id: 1 } });
  const id = webhookId("subscriber01", "update000001");
  const signed = webhookSignature(secret, id, NOW, body);
  const headers = { "webhook-id": id, "webhook-timestamp": String(NOW), "webhook-signature": signed };
  const both = `${webhookSignature(other, id, NOW, body)} ${signed}`;
  const right = { secret, headers, body, now: NOW + 100 };
  const made: Record<Name, Omit<Case, "name">> = {
    right,
    rotating: { ...right, headers: { ...headers, "webhook-signature": both } },
    body: { ...right, body: `${body} ` },
    id: { ...right, headers: { ...headers, "webhook-id": "msg_other" } },
    secret: { ...right, secret: other },
    signature: { ...right, headers: { ...headers, "webhook-signature": "v1,AAAA" } },
    old: { ...right, now: NOW + 301 },
    early: { ...right, now: NOW - 301 },
  };
  return Object.entries(made).map(([name, one]) => ({ name, ...one }));
})();

function snippet(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(DOCUMENT)?.[1];
  if (found === undefined) throw new Error(`no snippet in ${language}`);
  return found;
}

function has(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Set by the nightly job, which has the time to compile Go's library from nothing: minutes on a small machine. */
const NIGHTLY = Boolean(process.env.TOCSIN_NIGHTLY);

/** Whether Go is here, and has compiled all that the program needs before: then it is a matter of seconds. */
async function goIsWarm(program: string): Promise<boolean> {
  try {
    const { stderr } = await run("go", ["build", "-n", program], { cwd: folder, env: GO_ENV, maxBuffer: 2 ** 26 });
    // What it would do: nothing but the program itself is left to compile.
    return (stderr.match(/\/compile" -o | compile -o |\/compile -o /g) ?? []).length <= 1;
  } catch {
    return false;
  }
}
const GO_ENV = { ...process.env, GO111MODULE: "off" };

let folder: string;
const later = afterTheFile();
beforeAll(async () => {
  const made = await temporaryFolder("snippets");
  folder = made.path;
  later(made.remove);
  await writeFile(join(folder, "cases.json"), JSON.stringify(cases));
});

const put = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const verdicts = (output: string) => JSON.parse(output);

describe("docs/webhooks.md", () => {
  it("verifies in Node", async () => {
    const program = await put(
      "verify.mjs",
      `${snippet("js")}
import { readFileSync } from "node:fs";
const cases = JSON.parse(readFileSync("cases.json", "utf8"));
console.log(JSON.stringify(Object.fromEntries(cases.map((c) => [c.name, verify(c.secret, c.headers, c.body, c.now)]))));`,
    );
    expect(verdicts((await run(process.execPath, [program], { cwd: folder })).stdout)).toEqual(EXPECTED);
  });

  it("answers a challenge that the secret verifies, and no other", async () => {
    const answering = /```js\n(export function answerTo[\s\S]*?)```/.exec(DOCUMENT)?.[1] ?? "";
    const program = await put(
      "answer.mjs",
      `${snippet("js")}
${answering}
import { readFileSync } from "node:fs";
const { secret, other, headers, body } = JSON.parse(readFileSync("challenge.json", "utf8"));
console.log(JSON.stringify([answerTo(secret, headers, body), answerTo(other, headers, body)]));`,
    );
    const body = JSON.stringify({ page: { id: "page00000001" }, challenge: "echo" });
    const [id, now] = ["msg_challenge", Math.floor(Date.now() / 1_000)];
    const signed = webhookSignature(secret, id, now, body);
    const headers = { "webhook-id": id, "webhook-timestamp": String(now), "webhook-signature": signed };
    await put("challenge.json", JSON.stringify({ secret, other, headers, body }));
    expect(verdicts((await run(process.execPath, [program], { cwd: folder })).stdout)).toEqual([
      { status: 200, text: '{"challenge":"echo"}' },
      { status: 401, text: "" },
    ]);
  });

  it("verifies in a shell", async () => {
    const found: Record<string, boolean> = {};
    const program = await put("verify.sh", `${snippet("sh")}\nverify "$@"`);
    for (const { name, secret: key, headers, body, now } of cases) {
      const text = await put(`${name}.json`, body);
      const given = [headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"]];
      found[name] = await run("sh", [program, key, ...given, text, String(now)]).then(
        () => true,
        () => false,
      );
    }
    expect(found).toEqual(EXPECTED);
  });

  it("verifies in Python", async ({ skip }) => {
    skip(!has("python3", "--version"), "the Python snippet: there is no python3");
    const program = await put(
      "verify.py",
      `${snippet("python")}
import json
cases = json.load(open("cases.json", encoding="utf8"))
print(json.dumps({c["name"]: verify(c["secret"], c["headers"], c["body"].encode(), c["now"]) for c in cases}))`,
    );
    expect(verdicts((await run("python3", [program], { cwd: folder })).stdout)).toEqual(EXPECTED);
  });

  it("verifies in Go", async ({ skip }) => {
    skip(!has("go", "version"), "the Go snippet: there is no go");
    const source = snippet("go").replace('"encoding/base64"', '"encoding/base64"\n\t"encoding/json"\n\t"os"');
    const program = await put(
      "verify.go",
      `${source}
type webhook struct {
	Name, Secret, Body string
	Headers map[string]string
	Now int64
}

func main() {
	var cases []webhook
	text, _ := os.ReadFile("cases.json")
	if err := json.Unmarshal(text, &cases); err != nil { panic(err) }
	found := map[string]bool{}
	for _, c := range cases {
		headers := http.Header{}
		for name, value := range c.Headers { headers.Set(name, value) }
		found[c.Name] = verify(c.Secret, headers, []byte(c.Body), time.Unix(c.Now, 0))
	}
	printed, _ := json.Marshal(found)
	fmt.Println(string(printed))
}`,
    );
    const compiles = NIGHTLY || (await goIsWarm(program));
    skip(!compiles, "the Go snippet: its library is not in Go's build cache; the nightly job compiles it");
    expect(verdicts((await run("go", ["run", program], { cwd: folder, env: GO_ENV })).stdout)).toEqual(EXPECTED);
  });

  it("has the schedule that is kept", () => {
    const minutes = { s: 1 / 60, min: 1, h: 60 };
    const row = /the next follows in \|([^\n]+)\|/.exec(DOCUMENT)?.[1] ?? "";
    const written = row.split("|").map((cell) => {
      const [, amount = "", unit = ""] = /(\d+) (s|min|h)/.exec(cell) ?? [];
      return Number(amount) * (unit === "s" ? minutes.s : unit === "min" ? minutes.min : minutes.h) * 60_000;
    });
    const kept = written.map((_, index) => retryDelay("webhook", index + 1, 0.5, null));
    expect(written).toEqual(kept);
    expect(retryDelay("webhook", written.length + 1, 0.5, null)).toBeNull();
  });
});
