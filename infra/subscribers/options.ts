import { parseArgs } from "node:util";
import { z } from "zod";
import { cleanToken } from "../../functions/core/invisible.ts";
import { withoutEnd } from "../../functions/core/without-end.ts";
import { UsageError } from "../command.ts";

export const USAGE = `Moves a page's subscribers in and out, through the manage API.

  npm run subscribers -- import people.csv
  npm run subscribers -- export people.csv
  npm run subscribers -- erase someone@example.com

  --api               the manage API's address; or TOCSIN_API_URL (default: the deployment's, by cdk-outputs.json)
  --key               an API key; better in TOCSIN_API_KEY, where no shell keeps it
  --page              the page's id (default: the key's page)

  import only:
  --confirmed         rows without a state are active: you vouch that they asked for it
  --no-confirmations  stores those who have to confirm without mailing them

  --charset           of a file that is not UTF-8 and does not say so at its beginning, such as windows-1252

  export only:
  --unconfirmed       also those who have not confirmed that the address is theirs

  erase only: an email address, an endpoint's URL, or a phone number
  --country           the country of a phone number without its country code, such as DE

An import that was interrupted goes on where it stopped when it is started again.
`;

const commonSchema = z.object({
  api: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .transform((url) => withoutEnd(url, /\/$/).replace(/\/v1$/, "")),
  key: z
    .string()
    .overwrite(cleanToken)
    .regex(/^tcn_[A-Za-z0-9-]+_[A-Za-z0-9-]+$/, "is not an API key: tcn_…"),
  page: z
    .string()
    .regex(/^[a-z0-9]{12}$/, "must be an id: 12 characters of a-z and 0-9")
    .optional(),
});
export type ApiOptions = z.infer<typeof commonSchema>;

export type Command =
  | {
      command: "import";
      api: ApiOptions;
      file: string;
      confirmed: boolean;
      confirmations: boolean;
      charset: string | null;
    }
  | { command: "export"; api: ApiOptions; file: string; unconfirmed: boolean }
  | { command: "erase"; api: ApiOptions; address: string; country: string | undefined };

const OPTIONS = {
  api: { type: "string" },
  key: { type: "string" },
  page: { type: "string" },
  country: { type: "string" },
  confirmed: { type: "boolean" },
  "no-confirmations": { type: "boolean" },
  charset: { type: "string" },
  unconfirmed: { type: "boolean" },
} as const;

const ONLY_FOR: Record<string, Command["command"]> = {
  country: "erase",
  confirmed: "import",
  "no-confirmations": "import",
  charset: "import",
  unconfirmed: "export",
};

/** Throws a UsageError that names the wrong option, or parseArgs's TypeError for an unknown one. */
export function parseCommand(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Command {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [command, subject, ...rest] = positionals;
  if (command !== "import" && command !== "export" && command !== "erase") {
    throw new UsageError(command === undefined ? "say import, export or erase" : `there is no command ${command}`);
  }
  if (subject === undefined || subject === "") {
    throw new UsageError(`${command} what? Name ${command === "erase" ? "an address" : "a file"}`);
  }
  if (rest.length > 0) throw new UsageError(`${command} takes one name, not ${rest.length + 1}`);
  const stranger = Object.keys(values).find((name) => (ONLY_FOR[name] ?? command) !== command);
  if (stranger !== undefined) throw new UsageError(`--${stranger} is for ${ONLY_FOR[stranger]} only`);
  const api = apiOptions({
    api: values.api ?? env.TOCSIN_API_URL,
    key: values.key ?? env.TOCSIN_API_KEY,
    page: values.page,
  });
  switch (command) {
    case "import": {
      const { confirmed = false, "no-confirmations": without = false } = values;
      return { command, api, file: subject, confirmed, confirmations: !without, charset: charsetOf(values.charset) };
    }
    case "export":
      return { command, api, file: subject, unconfirmed: values.unconfirmed ?? false };
    case "erase":
      return { command, api, address: subject, country: values.country };
  }
}

/** Takes a label of the WHATWG's Encoding Standard. */
function charsetOf(label: string | undefined): string | null {
  if (label === undefined) return null;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new UsageError(`--charset ${label} is not known: utf-8, utf-16le, windows-1252, iso-8859-15…`);
  }
}

function apiOptions(given: Record<"api" | "key" | "page", string | undefined>): ApiOptions {
  if (given.api === undefined) throw new UsageError("--api is missing (or TOCSIN_API_URL)");
  if (given.key === undefined) throw new UsageError("--key is missing (or TOCSIN_API_KEY)");
  const parsed = commonSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new UsageError(parsed.error.issues.map(({ path, message }) => `--${path.join(".")} ${message}`).join("\n"));
}
