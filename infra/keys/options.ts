import { parseArgs } from "node:util";
import { z } from "zod";
import { type ApiScope, apiScopeSchema, apiScopes } from "../../functions/core/api-key.ts";
import { nameOption, UsageError } from "../command.ts";
import { OUTPUTS_FILE } from "../stack-outputs.ts";

export const USAGE = `Makes, lists, renews and revokes the API keys of a deployment, in its tables: with AWS credentials alone, so that
a key that was lost can be replaced. The manage API does the same for whoever has a key (docs/api.md).

  npm run keys -- list
  npm run keys -- create --name deploys --scopes incidents:read,incidents:write --days 90
  npm run keys -- rotate <id> --overlap-hours 24
  npm run keys -- revoke <id> --made revoke

  create:
  --name           what it is for
  --scopes         some of ${apiScopes.join(", ")},
                   separated by commas; or all
  --days           how long it is good (default: for ever)

  rotate:
  --overlap-hours  how long the old secret stays good: 0 for one that has leaked (default 24)

  revoke:
  --made           what becomes of keys that were made or rotated with it: revoke or keep

  --outputs        the file that "npm run deploy" wrote (default cdk-outputs.json)
`;

const wholeNumber = (most: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, "must be a whole number")
    .transform(Number)
    .refine((value) => value <= most, `must not be more than ${most}`);

const commonSchema = z.object({
  outputs: z.string().default(OUTPUTS_FILE),
});
const createSchema = commonSchema.extend({
  name: nameOption(100),
  scopes: z.string("is missing").transform((text, context): ApiScope[] => {
    if (text.trim() === "all") return [...apiScopes];
    return text.split(",").flatMap((each) => {
      const scope = apiScopeSchema.safeParse(each.trim());
      if (scope.success) return [scope.data];
      context.addIssue(`${each.trim()} is no scope: some of ${apiScopes.join(", ")}, or all`);
      return [];
    });
  }),
  days: wholeNumber(36_500).optional(),
});
const rotateSchema = commonSchema.extend({ "overlap-hours": wholeNumber(168).default(24) });
const revokeSchema = commonSchema.extend({ made: z.enum(["revoke", "keep"], "must be revoke or keep").optional() });

export type KeysCommand = { outputs: string } & (
  | { command: "list" }
  | { command: "create"; name: string; scopes: ApiScope[]; days: number | null }
  | { command: "rotate"; keyId: string; overlapHours: number }
  | { command: "revoke"; keyId: string; made: "revoke" | "keep" | undefined }
);

const OPTIONS = {
  name: { type: "string" },
  scopes: { type: "string" },
  days: { type: "string" },
  "overlap-hours": { type: "string" },
  made: { type: "string" },
  outputs: { type: "string" },
} as const;

const ONLY_FOR: Record<string, KeysCommand["command"]> = {
  name: "create",
  scopes: "create",
  days: "create",
  "overlap-hours": "rotate",
  made: "revoke",
};

/** Throws an error that `runCommand` shows with the usage. */
export function parseKeysCommand(args: readonly string[]): KeysCommand {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [command, keyId, ...rest] = positionals;
  if (command !== "list" && command !== "create" && command !== "rotate" && command !== "revoke") {
    throw new UsageError(
      command === undefined ? "say list, create, rotate or revoke" : `there is no command ${command}`,
    );
  }
  const stranger = Object.keys(values).find((name) => (ONLY_FOR[name] ?? command) !== command);
  if (stranger !== undefined) throw new UsageError(`--${stranger} is for ${ONLY_FOR[stranger]} only`);
  const takesId = command === "rotate" || command === "revoke";
  if (takesId !== (keyId !== undefined) || rest.length > 0) {
    throw new UsageError(takesId ? `${command} takes one key's id` : `${command} takes no name`);
  }
  switch (command) {
    case "list":
      return { command, ...commonSchema.parse(values) };
    case "create": {
      const { days, ...given } = createSchema.parse(values);
      return { command, ...given, days: days ?? null };
    }
    case "rotate": {
      const { "overlap-hours": overlapHours, outputs } = rotateSchema.parse(values);
      return { command, keyId: idOf(keyId), overlapHours, outputs };
    }
    case "revoke": {
      const { made, outputs } = revokeSchema.parse(values);
      return { command, keyId: idOf(keyId), made, outputs };
    }
  }
}

/** Takes only the id: somebody who pastes a whole key has it in the shell's history now. */
function idOf(given: string | undefined): string {
  if (given?.startsWith("tcn_")) throw new UsageError("give the key's id, the part between tcn_ and the next _");
  return given ?? "";
}
