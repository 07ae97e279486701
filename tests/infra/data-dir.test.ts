import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDir, readCredentials, writeCredentials } from "../../infra/local/data-dir.ts";
import { StartFailure } from "../../infra/local/failure.ts";
import { temporaryFolder } from "../fixtures/clean-up.ts";

const CREDENTIALS = { pageId: "page00000001", apiKey: "key" };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("data-dir");
});

afterEach(() => folder.remove());

/** A directory as a first start leaves it, with other credentials. */
async function made(credentials: (kept: string) => string): Promise<string> {
  const dir = await openDataDir(folder.path);
  await writeCredentials(dir, CREDENTIALS);
  await dir.close();
  const file = join(folder.path, "credentials.json");
  await writeFile(file, credentials(await readFile(file, "utf8")));
  return folder.path;
}

describe("a data directory", () => {
  it("is opened again by the version that made it", async () => {
    const dir = await openDataDir(await made((kept) => kept));
    expect(await readCredentials(dir)).toEqual(CREDENTIALS);
  });

  it.each([
    [
      "from before formats",
      () => JSON.stringify(CREDENTIALS),
      "an older version of Tocsin (data format 1, this one has 2)",
    ],
    [
      "of a later one",
      () => JSON.stringify({ format: 3, other: true }),
      "a newer version of Tocsin (data format 3, this one has 2)",
    ],
  ])("%s is refused, and stays unlocked", async (_case, credentials, whose) => {
    const path = await made(credentials);
    const refusal = new StartFailure(`${path} was made by ${whose}: remove it, or choose another with --data`);
    await expect(openDataDir(path)).rejects.toThrow(refusal);
    await expect(openDataDir(path)).rejects.toThrow(refusal);
  });

  it("whose credentials are no JSON is refused too", async () => {
    const path = await made(() => "{");
    await expect(openDataDir(path)).rejects.toThrow(`cannot be read: remove ${path} to start afresh`);
  });
});
