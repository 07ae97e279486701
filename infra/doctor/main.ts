import { parseArgs } from "node:util";
import { z } from "zod";
import { runCommand } from "../command.ts";
import { readSettings } from "../config-file.ts";
import { shell } from "../env.ts";
import { requireAccount } from "../right-account.ts";
import { OUTPUTS_FILE, readOutputs } from "../stack-outputs.ts";
import { awsAccount } from "./aws-account.ts";
import { diagnose } from "./diagnose.ts";
import { report } from "./report.ts";

const USAGE = `Looks at what AWS must allow and no template can bring about, and names the step that closes each gap.

  npm run doctor
  npm run doctor -- --json

  --json       the findings as JSON
  --outputs    the file that "npm run deploy" wrote (default ${OUTPUTS_FILE})

It reads and changes nothing. The exit code is 1 if there is a gap; what could not be read is none.
`;

const optionsSchema = z.object({ json: z.boolean().default(false), outputs: z.string().default(OUTPUTS_FILE) });

await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" }, outputs: { type: "string" } } });
  const { json, outputs } = optionsSchema.parse(values);
  const settings = await readSettings(shell);
  const deployed = await readOutputs(outputs);
  await requireAccount(deployed);
  const findings = await diagnose(settings, deployed, awsAccount(deployed.Region));
  console.log(json ? JSON.stringify(findings, null, 2) : report(findings));
  return findings.some(({ state }) => state === "gap") ? 1 : 0;
});
