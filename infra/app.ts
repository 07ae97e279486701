import cdk from "../cdk.json" with { type: "json" };
import { readSettings, readSettingsOrExample, refuseContext } from "./config-file.ts";
import { addChecks, addStacks, newApp } from "./deployment.ts";
import { shell } from "./env.ts";
import { productionEnvironment } from "./environments.ts";
import { refuseMissingKinds } from "./missing-services.ts";
import { SettingsError } from "./settings.ts";

// The CLI runs this: `cdk deploy` needs the operator's file, `npm run synth` makes do with the example.
try {
  const app = newApp(cdk.context);
  refuseContext(app.node.getAllContext(), cdk.context);
  const read = process.argv.includes("--or-example") ? readSettingsOrExample : readSettings;
  const settings = await read(shell);
  const { state, addresses, pipeline } = addStacks(app, productionEnvironment(settings, shell));
  refuseMissingKinds([state, addresses, pipeline], settings.region);
  addChecks(app);
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
