import { randomBytes } from "node:crypto";
import { runCommand } from "../command.ts";
import { deployedStores } from "../deployed-stores.ts";
import { parseKeysCommand, USAGE } from "./options.ts";
import { runKeys } from "./run-keys.ts";

await runCommand(USAGE, async (args) => {
  const command = parseKeysCommand(args);
  const stores = await deployedStores(command.outputs);
  const told = await runKeys(command, { ...stores, clock: Date.now, random: randomBytes });
  console.log(told.join("\n"));
  return 0;
});
