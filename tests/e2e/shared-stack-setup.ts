import { createServer } from "node:http";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { closeServer, HOST, listen } from "../../infra/local/listen.ts";
import { synthesize } from "../../infra/local/synthesize.ts";
import { cleanUp, temporaryFolder } from "../fixtures/clean-up.ts";
import { freePorts, startProcess } from "./local-process.ts";
import type { SharedStack } from "./shared-stack.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Answers GET /app and GET /stack: see shared-stack.ts. */
    sharedStackUrl: string;
  }
}

/**
 * One app and one running stack for all files of the project, each made when the first file asks for it: the setup of
 * every project runs before the first test of any.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await temporaryFolder("shared");
  const ends: (() => unknown)[] = [folder.remove];
  let app: Promise<string> | null = null;
  let stack: Promise<SharedStack> | null = null;

  const synthesizeApp = async (): Promise<string> => {
    const path = join(folder.path, "cdk.out");
    const stopping = new AbortController();
    ends.push(() => stopping.abort());
    await synthesize(
      path,
      {
        // Every start moves them to its own.
        pageUrl: `http://${HOST}:1`,
        manageUrl: `http://${HOST}:2`,
        subscriptionsUrl: `http://${HOST}:3`,
        webhookTargets: "any",
        emailsPerSecond: 200,
      },
      stopping.signal,
    );
    return path;
  };
  const start = async (): Promise<SharedStack> => {
    app ??= synthesizeApp();
    const data = join(folder.path, "data");
    const local = await startProcess({ port: await freePorts(), data, app: await app });
    ends.push(() => local.end("SIGTERM"));
    return { endpoints: local.endpoints, data };
  };
  const answers: Record<string, () => Promise<unknown>> = {
    "/app": () => {
      app ??= synthesizeApp();
      return app;
    },
    "/stack": () => {
      stack ??= start();
      return stack;
    },
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""]?.() ?? Promise.reject(new Error(`there is no ${request.url}`));
    answer.then(
      (value) => response.end(JSON.stringify({ value })),
      (error) => response.writeHead(500).end(JSON.stringify({ error: String(error) })),
    );
  });
  const port = await listen(server, 0);
  ends.push(() => closeServer(server));
  project.provide("sharedStackUrl", `http://${HOST}:${port}`);
  return async () => {
    // It may have been asked for just now.
    await stack?.catch(() => {});
    await cleanUp(ends);
  };
}
