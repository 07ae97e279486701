import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { z } from "zod";
import { cleanLine, showsSomething } from "../functions/core/invisible.ts";
import { LOCALES } from "../functions/core/locale.ts";
import { pageSchema } from "../functions/core/page.ts";
import { dynamoAccessStore } from "../functions/store/dynamo-access.ts";
import { dynamoKeyStore } from "../functions/store/dynamo-keys.ts";
import { dynamoStatusStore } from "../functions/store/dynamo-status.ts";
import { dynamoClient } from "../functions/store/table.ts";
import { createFirstPage } from "./first-page.ts";
import { stateOutputs } from "./stack-outputs.ts";

const USAGE = `Creates the page of a deployment and its first API key.

  npm run create-page -- --name "Acme" --time-zone Europe/Berlin --locale de

  --name       the page's name, as readers see it
  --time-zone  IANA name; every time on the page is told in it (default UTC)
  --locale     ${LOCALES.join(" or ")}: the language of the page, and of whoever has not chosen (default en)
  --outputs    the file that "npm run deploy" wrote (default cdk-outputs.json)
  --stack      the state stack's name, if the file holds several deployments
`;

const optionsSchema = z.object({
  name: z
    .string("is missing")
    .trim()
    .min(1, "must not be empty")
    .max(255, "must not be longer than 255 characters")
    .refine(showsSomething, "shows nothing: it has only characters that cannot be seen")
    .overwrite(cleanLine),
  "time-zone": z
    .string()
    .default("UTC")
    .refine(
      (zone) => pageSchema.shape.timeZone.safeParse(zone).success,
      "must be an IANA time zone such as Europe/Berlin",
    ),
  locale: z.enum(LOCALES, `must be one of ${LOCALES.join(", ")}`).default("en"),
  outputs: z.string().default("cdk-outputs.json"),
  stack: z.string().optional(),
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  // Wrong options, as zod and parseArgs (TypeError) say it: how it is meant. Anything else: what went wrong.
  if (error instanceof z.ZodError) console.error(`${reasons(error)}\n\n${USAGE}`);
  else if (error instanceof TypeError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      name: { type: "string" },
      "time-zone": { type: "string" },
      locale: { type: "string" },
      outputs: { type: "string" },
      stack: { type: "string" },
    },
  });
  const options = optionsSchema.parse(values);
  const {
    StatusTableName: statusTable,
    DeliveriesTableName: deliveriesTable,
    AccessTableName: accessTable,
    KeysTableName: keysTable,
  } = stateOutputs(JSON.parse(readFileSync(options.outputs, "utf8")), options.stack);
  const client = dynamoClient();
  const made = await createFirstPage(
    { name: options.name, timeZone: options["time-zone"], locale: options.locale },
    {
      status: dynamoStatusStore({ client, statusTable, deliveriesTable }),
      access: dynamoAccessStore({ client, table: accessTable, random: randomBytes }),
      keys: dynamoKeyStore({ client, table: keysTable }),
      clock: Date.now,
      random: randomBytes,
    },
  );
  if (made.outcome === "exists") {
    throw new Error(`This deployment has its page already: ${made.page.name} (${made.page.id}).`);
  }
  console.log(`Page     ${made.page.id}  ${made.page.name}, ${made.page.timeZone}, ${made.page.locale}`);
  console.log(`API key  ${made.apiKey}`);
  console.log("The key is shown this once and stored nowhere: keep it as you keep passwords.");
}

function reasons(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `--${path.join(".")}: ${message}`).join("\n");
}
