import cdk from "../../cdk.json" with { type: "json" };
import { addStacks, newApp } from "../deployment.ts";
import { localEnvironment, localSettingsSchema } from "./local-settings.ts";

// The stacks of infra/app.ts without its checks: those take longer than all the rest, and the stacks are the same ones.
const [, , settings = ""] = process.argv;
const app = newApp(cdk.context);
addStacks(app, localEnvironment(localSettingsSchema.parse(JSON.parse(settings))));
app.synth();
