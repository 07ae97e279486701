import { createServer } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { siteVerify } from "../../../functions/providers/captcha.ts";

const asked: string[] = [];
const answers: { status: number; body: string; location?: string }[] = [];
const provider = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  asked.push(`${request.method} ${request.headers["content-type"]} ${body}`);
  const { status, body: text, location } = answers.shift() ?? { status: 500, body: "" };
  response.writeHead(status, location === undefined ? {} : { location }).end(text);
});
let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  const address = provider.address();
  url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/siteverify`;
});
afterAll(() => void provider.close());

test("asks as siteverify is asked", async () => {
  answers.push({ status: 200, body: '{"success":true,"hostname":"x"}' });
  expect(await siteVerify({ url, secret: "s&t" }).verify("tok=en", "192.0.2.1")).toBe("solved");
  expect(asked).toEqual([
    "POST application/x-www-form-urlencoded;charset=UTF-8 secret=s%26t&response=tok%3Den&remoteip=192.0.2.1",
  ]);
});

test.each([
  [{ status: 200, body: '{"success":false,"error-codes":[]}' }, "not solved"],
  [{ status: 200, body: "<html>" }, "no answer"],
  [{ status: 200, body: '{"success":"yes"}' }, "no answer"],
  [{ status: 500, body: '{"success":true}' }, "no answer"],
  [{ status: 302, body: "", location: "http://127.0.0.1:1/" }, "no answer"],
  [{ status: 200, body: `{"success":true,"padding":"${"x".repeat(20_000)}"}` }, "no answer"],
])("%j means: %s", async (answer, outcome) => {
  answers.push(answer);
  expect(await siteVerify({ url, secret: "s" }).verify("t", "192.0.2.1")).toBe(outcome);
});

test("nobody there is no answer", async () => {
  expect(await siteVerify({ url: "http://127.0.0.1:1/", secret: "s" }).verify("t", "192.0.2.1")).toBe("no answer");
});
