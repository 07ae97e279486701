import { access } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { ACCOUNT, REGION } from "../account.ts";
import { oneLine, StartFailure } from "../failure.ts";
import { LocalFunction } from "../local-function.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const propertiesSchema = z.object({
  FunctionName: z.string().optional(),
  Description: z.string().default(""),
  Code: z.object({ S3Key: z.string() }),
  Handler: z.string().regex(/^[\w/-]+\.\w+$/, "must be file.export"),
  Runtime: z.string().startsWith("nodejs", "must be a Node runtime"),
  // Lambda's own defaults.
  Timeout: z.number().default(3),
  MemorySize: z.number().default(128),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).default({}) }).optional(),
});

export async function provisionFunction(request: ProvisionRequest): Promise<Provisioned> {
  const properties = readProperties(propertiesSchema, request);
  const { services, path } = request;
  // Descriptions begin with the step's name; logs and errors should call the function by that.
  const [, step] = /^([a-z][a-z0-9-]*): /.exec(properties.Description) ?? [];
  const name = properties.FunctionName ?? step ?? request.name;
  if (services.functions.find(name) !== null) throw new StartFailure(`${path}: another function is called ${name} too`);
  const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
  const folder = services.assetFolder(properties.Code.S3Key);
  if (folder === null) throw new StartFailure(`${path}: its bundle ${properties.Code.S3Key} was not synthesized`);
  const [file = "", exportName = ""] = properties.Handler.split(".");
  const made = new LocalFunction(
    {
      functionName: name,
      functionArn: arn,
      modulePath: await moduleIn(folder, file, path),
      exportName,
      memorySize: properties.MemorySize,
      timeoutMs: properties.Timeout * 1000,
      environment: {
        ...services.sdkEnvironment,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
        ...properties.Environment?.Variables,
      },
    },
    services.log,
    services.activity,
  );
  services.functions.add(arn, name, made);
  services.whenStopped(() => made.stop());
  services.at("load", async () => {
    try {
      await made.ready();
    } catch (error) {
      throw new StartFailure(`${name} does not load: ${oneLine(error)}`);
    }
  });
  return { ref: name, attributes: { Arn: arn } };
}

async function moduleIn(folder: string, file: string, path: string): Promise<string> {
  for (const extension of [".mjs", ".js", ".cjs"]) {
    const candidate = join(folder, file + extension);
    const exists = await access(candidate).then(
      () => true,
      () => false,
    );
    if (exists) return pathToFileURL(candidate).href;
  }
  throw new StartFailure(`${path}: its bundle has no ${file}.mjs or ${file}.js`);
}
