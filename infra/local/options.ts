import { resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { LOCALES, type Locale, localeOf } from "../../functions/core/locale.ts";
import { oneLine, StartFailure } from "./failure.ts";

/** The page, then manage-api, subscription-api and the outbox on the ports after it. */
const PORTS_USED = 4;

const wholeNumber = (least: number, most: number) => {
  const range = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,7}$/, range)
    .transform(Number)
    .refine((value) => value >= least && value <= most, range);
};

const optionsSchema = z.object({
  port: wholeNumber(1, 65_536 - PORTS_USED),
  data: z.string().min(1, "must name a directory"),
  demo: z.boolean(),
  exit: z.boolean(),
  "webhook-targets": z.enum(["any", "public"], "must be any or public"),
  "mail-rate": wholeNumber(1, 100_000),
  "sweep-seconds": wholeNumber(1, 86_400),
  locale: z
    .string()
    .transform((given) => localeOf(given) ?? given)
    .pipe(z.enum(LOCALES, `must be ${LOCALES.join(" or ")}`)),
  app: z.string().min(1, "must name a directory").optional(),
  dynamodb: z.url({ protocol: /^https?$/, error: "must be an http URL" }).optional(),
});

export interface CommandOptions {
  port: number;
  dataDir: string;
  demo: boolean;
  exit: boolean;
  webhookTargets: "any" | "public";
  /** SES's MaxSendRate: emails per second. */
  mailRate: number;
  sweepSeconds: number;
  /** The language of the page that the first start makes. */
  locale: Locale;
  /** The cdk.out of an earlier start, to run its stacks instead of synthesizing them. */
  app: string | null;
  /** A DynamoDB that the caller runs, in place of the bundled one. */
  dynamodb: string | null;
}

export const HELP = `Tocsin on this machine: the stacks that would be deployed, interpreted here.

  npm start -- [options]

  --port N                      the page; the manage API, the subscription API and the
                                outbox take the three ports after it (default 8080)
  --data DIR                    where state is kept between starts (default .local)
  --demo                        run an incident through the whole pipeline and show the result
  --exit                        stop when ready, or when the demo is over
  --webhook-targets any|public  any also allows http and private addresses (default any)
  --mail-rate N                 emails a second that the mail provider takes (default 200)
  --sweep-seconds N             how often sweep runs; deployed, once a minute (default 60)
  --locale en|de                language of the page that the first start makes (default en)
  --app DIR                     run the stacks that an earlier start put into DIR (its
                                cdk.out in the data directory) without bundling them again
  --dynamodb URL                use this DynamoDB instead of the bundled emulator
  --help                        this text
`;

/** Throws a StartFailure of one line that names the option. */
export function parseOptions(argv: readonly string[]): { kind: "help" } | { kind: "run"; options: CommandOptions } {
  const values = readArguments(argv);
  if (values.help) return { kind: "help" };
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StartFailure(`--${issue?.path.join(".")} ${issue?.message}. See npm start -- --help`);
  }
  const { port, data, demo, exit, app, dynamodb } = parsed.data;
  return {
    kind: "run",
    options: {
      port,
      dataDir: resolve(data),
      demo,
      exit,
      webhookTargets: parsed.data["webhook-targets"],
      mailRate: parsed.data["mail-rate"],
      sweepSeconds: parsed.data["sweep-seconds"],
      locale: parsed.data.locale,
      app: app === undefined ? null : resolve(app),
      dynamodb: dynamodb ?? null,
    },
  };
}

function readArguments(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        port: { type: "string", default: "8080" },
        data: { type: "string", default: ".local" },
        demo: { type: "boolean", default: false },
        exit: { type: "boolean", default: false },
        "webhook-targets": { type: "string", default: "any" },
        "mail-rate": { type: "string", default: "200" },
        "sweep-seconds": { type: "string", default: "60" },
        locale: { type: "string", default: "en" },
        app: { type: "string" },
        dynamodb: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    // The first sentence says what is wrong. The others advise on positional arguments, and this command has none.
    throw new StartFailure(`${oneLine(error).split(". ", 1)[0]}. See npm start -- --help`);
  }
}
