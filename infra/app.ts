import cdk from "../cdk.json" with { type: "json" };
import { addChecks, addStacks, newApp } from "./deployment.ts";
import { readEnvironment } from "./environments.ts";

// The CLI hands over cdk.json's context; without the CLI (infra/local) it is read here, so that the templates are the same.
const app = newApp(cdk.context);
const environment = readEnvironment((key) => app.node.tryGetContext(key));
addStacks(app, environment);
// The checks take longer than all the rest, and one machine runs the very stacks that were checked for production.
if (environment.name === "production") addChecks(app);
app.synth();
