import { parseArgs } from "node:util";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import cdk from "../../cdk.json" with { type: "json" };
import { readSettings } from "../../infra/config-file.ts";
import { bundleOptions } from "../../infra/constructs/bundle.ts";
import { PipelineFunction } from "../../infra/constructs/pipeline-function.ts";
import { addStacks, newApp } from "../../infra/deployment.ts";
import { shell } from "../../infra/env.ts";
import { productionEnvironment } from "../../infra/environments.ts";

/**
 * The stacks of infra/app.ts, with one thing changed: webhooks go to any address, as a receiver on this machine has no
 * public one. `--changed` is another version of every function's code. `--withhold STEP:ACTION` takes a step's grant away.
 */
const { values } = parseArgs({
  options: { changed: { type: "boolean", default: false }, withhold: { type: "string", default: "" } },
});
if (values.changed) bundleOptions.banner.js += " globalThis.changed = true;";

const app = newApp(cdk.context);
addStacks(app, { ...productionEnvironment(await readSettings(shell), shell), webhookTargets: "any" });
for (const construct of app.node.findAll()) {
  if (!(construct instanceof PipelineFunction) || !values.withhold.startsWith(`${construct.step}:`)) continue;
  const action = values.withhold.slice(construct.step.length + 1);
  construct.addToRolePolicy(new PolicyStatement({ effect: Effect.DENY, actions: [action], resources: ["*"] }));
}
app.synth();
