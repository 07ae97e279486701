import type { TestProject } from "vitest/node";
import { openDataDir } from "../../infra/local/data-dir.ts";
import { dynoxideBinary, startDynoxide } from "../../infra/local/emulators/dynoxide.ts";
import { availableHere } from "../fixtures/available.ts";
import { cleanUp, temporaryFolder } from "../fixtures/clean-up.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Endpoint of the DynamoDB-compatible server, or null where there is none for this platform. */
    dynamoEndpoint: string | null;
  }
}

/** One server for the whole contract suite. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!availableHere("dynoxide", dynoxideBinary() !== null)) {
    console.warn("contract: no dynoxide for this platform; only the in-memory fakes are tested");
    project.provide("dynamoEndpoint", null);
    return undefined;
  }
  const folder = await temporaryFolder("contract");
  const dir = await openDataDir(folder.path);
  const server = await startDynoxide(dir);
  project.provide("dynamoEndpoint", server.url);
  return () => cleanUp([folder.remove, dir.close, server.stop]);
}
