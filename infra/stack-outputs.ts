import { z } from "zod";

const tablesSchema = z.object({
  StatusTableName: z.string(),
  DeliveriesTableName: z.string(),
  AccessTableName: z.string(),
  KeysTableName: z.string(),
});
export type StateOutputs = z.infer<typeof tablesSchema>;

const fileSchema = z.record(z.string(), z.record(z.string(), z.string()));

/**
 * The tables in the file of `cdk deploy --outputs-file`. Throws when it has no state stack, or several and none is
 * named.
 */
export function stateOutputs(file: unknown, stack: string | undefined): StateOutputs {
  const parsed = fileSchema.safeParse(file);
  if (!parsed.success) throw new Error("--outputs: is not a file of stack outputs");
  const states = Object.entries(parsed.data).flatMap(([name, outputs]) => {
    const tables = tablesSchema.safeParse(outputs);
    return tables.success && (stack === undefined || name === stack) ? [{ name, tables: tables.data }] : [];
  });
  const [first, ...more] = states;
  if (first === undefined) throw new Error(`--outputs: has no state stack${stack === undefined ? "" : ` ${stack}`}`);
  if (more.length > 0) throw new Error(`--stack: name one of ${states.map(({ name }) => name).join(", ")}`);
  return first.tables;
}
