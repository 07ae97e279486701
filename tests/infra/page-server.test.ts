import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { s3Site } from "../../functions/providers/site.ts";
import { freePorts } from "../../infra/local/listen.ts";
import { type Behavior, type PageServerProps, servePage } from "../../infra/local/page-server.ts";
import { resourcesOf, synthesized } from "./synthesized.ts";

const REGION = "eu-central-1";
const { addresses } = synthesized();

let page = "";
let closed = "";
const ending: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const s3 = new S3Client({ endpoint, region: REGION, credentials });
  await s3.send(new CreateBucketCommand({ Bucket: "site" }));
  const site = s3Site({ bucket: "site", client: s3 });
  const write = (path: string, body: string | Uint8Array, contentType: string) =>
    site.write({ path, body, contentType, cacheControl: "public" });
  await write("404.html", "gone", "text/html");
  await write("history", "past", "text/html");
  await write("history/", "past", "text/html");
  await write("favicon.ico", Uint8Array.of(0, 0, 1, 0, 255, 254), "image/x-icon");
  await write("api/v2/status.json", "{}", "application/json");

  const open: Behavior = { headers: {}, methods: ["GET", "HEAD", "OPTIONS"], forwardsOrigin: true };
  const start = async (defaultBehavior: Behavior) => {
    const [port = 0] = await freePorts(1);
    const props: PageServerProps = {
      port,
      s3,
      bucket: "site",
      rootObject: "index.html",
      behaviors: [],
      defaultBehavior,
      corsRulesOf: () => [
        { AllowedOrigins: ["*"], AllowedMethods: ["GET", "HEAD"], AllowedHeaders: ["*"], MaxAge: 60 },
      ],
      errorPages: [403, 404].map((status) => ({ status, becomes: 404, path: "/404.html" })),
      cacheControlOf: () => null,
      log: { output: () => {}, problem: () => {}, close: async () => {} },
    };
    ending.push(await servePage(props));
    return `http://127.0.0.1:${port}`;
  };
  page = await start(open);
  closed = await start({ ...open, forwardsOrigin: false });
  ending.push(async () => {
    s3.destroy();
    await app.close();
  });
});
afterAll(async () => {
  for (const end of ending) await end();
});

const PREFLIGHT = {
  method: "OPTIONS",
  headers: {
    origin: "https://dashboard.example.com",
    "access-control-request-method": "GET",
    "access-control-request-headers": "x-requested-with, cache-control",
  },
};

it("answers a browser's preflight for any file", async () => {
  for (const path of ["/api/v2/status.json", "/history", "/history.atom"]) {
    const reply = await fetch(page + path, PREFLIGHT);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
    expect(reply.headers.get("access-control-allow-methods")).toContain("GET");
    expect(reply.headers.get("access-control-allow-headers")).toBe("x-requested-with, cache-control");
  }
});

it("refuses as a bucket and a distribution do", async () => {
  const write = { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, "access-control-request-method": "PUT" } };
  expect((await fetch(`${page}/history`, write)).status).toBe(404);
  expect((await fetch(`${page}/history`, { method: "OPTIONS" })).status).toBe(400);
  expect((await fetch(`${closed}/history`, PREFLIGHT)).status).toBe(400);
  expect((await fetch(`${page}/history`, { method: "POST" })).status).toBe(404);
});

it("serves a page with and without a slash, and bytes as they are", async () => {
  for (const path of ["/history", "/history/"]) {
    const reply = await fetch(page + path);
    expect([reply.status, await reply.text()]).toEqual([200, "past"]);
  }
  const icon = await fetch(`${page}/favicon.ico`);
  expect(new Uint8Array(await icon.arrayBuffer())).toEqual(Uint8Array.of(0, 0, 1, 0, 255, 254));
});

it("the template's bucket answers preflights, and its distribution hands them on", () => {
  const [bucket] = resourcesOf(addresses, "AWS::S3::Bucket");
  expect(bucket?.Properties.CorsConfiguration).toMatchObject({
    CorsRules: [{ AllowedOrigins: ["*"], AllowedMethods: ["GET", "HEAD"], AllowedHeaders: ["*"] }],
  });
  const [distribution] = resourcesOf(addresses, "AWS::CloudFront::Distribution");
  expect(distribution?.Properties.DistributionConfig).toMatchObject({
    DefaultCacheBehavior: {
      AllowedMethods: ["GET", "HEAD", "OPTIONS"],
      OriginRequestPolicyId: "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
    },
  });
});
