import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { buildApp } from "fauxqs";
import { beforeAll, describe, expect, test } from "vitest";
import { type SiteBucket, type SiteFile, s3Site } from "../../functions/providers/site.ts";
import { memorySite } from "../fakes/memory-site.ts";
import { afterTheFile } from "../fixtures/clean-up.ts";

const REGION = "eu-central-1";

/** The real adapter against S3's API on this machine. */
async function startS3(): Promise<{ site: SiteBucket; stop: () => Promise<void> }> {
  const app = buildApp({ logger: false, defaultRegion: REGION });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = new S3Client({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  await client.send(new CreateBucketCommand({ Bucket: "site" }));
  return {
    site: s3Site({ bucket: "site", client }),
    async stop() {
      client.destroy();
      await app.close();
    },
  };
}

const KINDS = [
  { kind: "in memory", start: async () => ({ site: memorySite(), stop: async () => {} }) },
  { kind: "S3", start: startS3 },
] satisfies { kind: string; start: () => Promise<{ site: SiteBucket; stop: () => Promise<void> }> }[];

function file(path: string, body: string): SiteFile {
  return { path, body, contentType: "text/html; charset=utf-8", cacheControl: "public, max-age=5" };
}

describe.each(KINDS)("the site's bucket ($kind)", ({ start }) => {
  let site: SiteBucket;
  const later = afterTheFile();
  beforeAll(async () => {
    const started = await start();
    site = started.site;
    later(started.stop);
  });

  test("a file is read as it was written, whatever its text", async () => {
    const body = "Störung – “Überlast” 🚨\r\n\ttab, <b>&amp;</b>";
    await site.write(file("index.html", body));
    expect(await site.read("index.html")).toBe(body);
  });

  test("a file that is not there reads as null", async () => {
    expect(await site.read("nothing/here.html")).toBeNull();
  });

  test("an empty file is a file", async () => {
    await site.write(file("empty.html", ""));
    expect(await site.read("empty.html")).toBe("");
  });

  test("the last write of a path counts", async () => {
    await site.write(file("twice.html", "first"));
    await site.write(file("twice.html", "second"));
    expect(await site.read("twice.html")).toBe("second");
  });

  test("a file may stand beside a folder of its name", async () => {
    await site.write(file("incidents/abcabcabcabc", "page"));
    await site.write(file("incidents/abcabcabcabc.json", "data"));
    await site.write(file("incidents", "list"));
    expect(await site.read("incidents/abcabcabcabc")).toBe("page");
    expect(await site.read("incidents/abcabcabcabc.json")).toBe("data");
  });

  test("a path may end in a slash", async () => {
    await site.write(file("past", "without"));
    await site.write(file("past/", "with"));
    expect([await site.read("past"), await site.read("past/")]).toEqual(["without", "with"]);
    await site.remove("past/");
    expect([await site.read("past"), await site.read("past/")]).toEqual(["without", null]);
  });

  test("bytes are written as they are", async () => {
    await site.write({ ...file("bytes", ""), body: new TextEncoder().encode("Störung") });
    expect(await site.read("bytes")).toBe("Störung");
  });

  test("a removed file is gone, and removing it again is no failure", async () => {
    await site.write(file("gone.html", "text"));
    await site.remove("gone.html");
    expect(await site.read("gone.html")).toBeNull();
    await expect(site.remove("gone.html")).resolves.toBeUndefined();
  });
});
