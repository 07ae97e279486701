import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { UsageError } from "./command.ts";
import { readSettings } from "./config-file.ts";
import { shell } from "./env.ts";

/** What the commands need of a deployment. */
const outputsSchema = z.object({
  Account: z.string(),
  Region: z.string(),
  StatusTableName: z.string(),
  DeliveriesTableName: z.string(),
  AccessTableName: z.string(),
  KeysTableName: z.string(),
  ManageUrl: z.string(),
  PageUrl: z.string(),
  AlarmTopicArn: z.string(),
  ConfigurationSetName: z.string(),
});
export type DeploymentOutputs = z.infer<typeof outputsSchema>;

const fileSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** Where the CDK writes them, by cdk.json. */
export const OUTPUTS_FILE = "cdk-outputs.json";

/** The outputs of all stacks of the deployment that the settings name. Throws UsageError. */
export async function readOutputs(path: string): Promise<DeploymentOutputs> {
  const { deployment } = await readSettings(shell);
  if (!existsSync(path)) {
    throw new UsageError(`--outputs: there is no ${path} to read: npm run deploy writes it, also when nothing changed`);
  }
  let file: unknown;
  try {
    file = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw new UsageError(`--outputs: ${path} is not JSON`);
  }
  return outputsOf(file, deployment);
}

/** The same of what `cdk deploy --outputs-file` wrote. Throws UsageError. */
export function outputsOf(file: unknown, deployment: string): DeploymentOutputs {
  const stacks = fileSchema.safeParse(file);
  if (!stacks.success) throw new UsageError("--outputs: is not a file of stack outputs");
  // One word more: the stacks of a deployment AcmeInternal are not Acme's.
  const own = Object.entries(stacks.data).filter(
    ([name]) => name.startsWith(deployment) && /^[A-Z][a-z]+$/.test(name.slice(deployment.length)),
  );
  const parsed = outputsSchema.safeParse(Object.fromEntries(own.flatMap(([, outputs]) => Object.entries(outputs))));
  if (parsed.success) return parsed.data;
  const missing = parsed.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new UsageError(`--outputs: the deployment ${deployment} has no ${missing} there: deploy it once more`);
}
