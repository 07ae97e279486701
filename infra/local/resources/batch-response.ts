import * as z from "zod";

const responseSchema = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })) });

/**
 * The failures that a function reports. As on AWS: no report means that all succeeded. An answer that cannot be read,
 * or that names something not in the batch, means that all failed.
 */
export function failuresIn(response: unknown, batch: readonly string[]): ReadonlySet<string> {
  if (response === null || response === undefined) return new Set();
  if (typeof response === "object" && (!("batchItemFailures" in response) || response.batchItemFailures === null)) {
    return new Set();
  }
  const parsed = responseSchema.safeParse(response);
  if (!parsed.success) return new Set(batch);
  const failed = parsed.data.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return new Set(failed.every((id) => batch.includes(id)) ? failed : batch);
}
