import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "../command.ts";
import { OUTPUTS_FILE, readOutputs } from "../stack-outputs.ts";
import { type ApiClient, apiClient } from "./api-client.ts";
import { ENVIRONMENT } from "./env.ts";
import { eraseAddress } from "./erase-address.ts";
import { exportPeople } from "./export-people.ts";
import { importPeople } from "./import-people.ts";
import { type Command, parseCommand, USAGE } from "./options.ts";
import { duration, number, type Screen } from "./progress-line.ts";

// Progress goes to stderr, so that stdout has only the result.
const screen: Screen = {
  isTerminal: process.stderr.isTTY === true,
  write: (text) => process.stderr.write(text),
  clock: () => performance.now(),
};

await runCommand(USAGE, async (args) => {
  const api = ENVIRONMENT.TOCSIN_API_URL ?? (await deployedApi());
  return run(parseCommand(args, { ...ENVIRONMENT, TOCSIN_API_URL: api }));
});

/** Of the deployment that this folder has settings and outputs of, if it has. */
async function deployedApi(): Promise<string | undefined> {
  try {
    return (await readOutputs(OUTPUTS_FILE)).ManageUrl;
  } catch {
    return undefined;
  }
}

/** The exit code: 1 if rows were refused, or nobody was there to erase. */
async function run(command: Command): Promise<number> {
  const api = await apiClient(command.api, {
    fetch,
    sleep,
    jitter: Math.random,
    onWait: (reason, ms) => screen.write(`\nTrying again in ${duration(ms / 1_000)}: ${reason}\n`),
  });
  switch (command.command) {
    case "import":
      return runImport(command, api);
    case "export": {
      const rows = await exportPeople(command, api, screen);
      console.log(`${number(rows)} subscribers are in ${command.file}.`);
      return 0;
    }
    case "erase": {
      const told = await eraseAddress(command.address, command.country, api);
      console.log(told === null ? "The page knows nothing of this address." : told.join("\n"));
      return told === null ? 1 : 0;
    }
  }
}

async function runImport(command: Command & { command: "import" }, api: ApiClient): Promise<number> {
  const options = { ...command, target: command.api.api };
  const { created, exists, refused, notSent, report } = await importPeople(options, api, screen);
  console.log(
    `${number(created)} created, ${number(exists)} there already and left as they are, ${number(refused)} refused.`,
  );
  if (notSent > 0) {
    console.log(
      `${number(notSent)} of those created could not be sent their confirmation: send it with POST /subscribers/resend_confirmation, to "all".`,
    );
  }
  if (report !== null) console.log(`Refused rows, with their lines and reasons, are in ${report}.`);
  return refused > 0 ? 1 : 0;
}
