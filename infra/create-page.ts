import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { LOCALES, localeOf } from "../functions/core/locale.ts";
import { timeZoneOf } from "../functions/core/time-zone.ts";
import { nameOption, runCommand } from "./command.ts";
import { deployedStores } from "./deployed-stores.ts";
import { createFirstPage } from "./first-page.ts";
import { OUTPUTS_FILE } from "./stack-outputs.ts";

const USAGE = `Creates the page of a deployment and its first API key.

  npm run create-page -- --name "Acme" --time-zone Europe/Berlin --locale de

  --name       the page's name, as readers see it
  --time-zone  IANA name; every time on the page is told in it (default UTC)
  --locale     ${LOCALES.join(" or ")}: the language of the page, and of whoever has not chosen (default en)
  --outputs    the file that "npm run deploy" wrote (default cdk-outputs.json)

More keys, or another when this one is lost: npm run keys -- --help
`;

const optionsSchema = z.object({
  name: nameOption(255),
  "time-zone": z
    .string()
    .default("UTC")
    .refine((zone) => timeZoneOf(zone) !== null, "must be an IANA time zone such as Europe/Berlin"),
  locale: z
    .string()
    .transform((given) => localeOf(given) ?? given)
    .pipe(z.enum(LOCALES, `must be one of ${LOCALES.join(", ")}`))
    .default("en"),
  outputs: z.string().default(OUTPUTS_FILE),
});

await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      name: { type: "string" },
      "time-zone": { type: "string" },
      locale: { type: "string" },
      outputs: { type: "string" },
    },
  });
  const { outputs, ...options } = optionsSchema.parse(values);
  const made = await createFirstPage(
    { name: options.name, timeZone: options["time-zone"], locale: options.locale },
    { ...(await deployedStores(outputs)), clock: Date.now, random: randomBytes },
  );
  if (made.outcome === "exists") {
    throw new Error(
      `This deployment has its page already: ${made.page.name} (${made.page.id}). A key for it: npm run keys -- create`,
    );
  }
  console.log(`Page     ${made.page.id}  ${made.page.name}, ${made.page.timeZone}, ${made.page.locale}`);
  console.log(`API key  ${made.apiKey}`);
  console.log("The key is shown this once and stored nowhere: keep it as you keep passwords.");
  return 0;
});
