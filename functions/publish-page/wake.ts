import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";

/** `PAGE#<id>`, sort key `PAGE`: the item that every change of a page rewrites. */
const keysSchema = z.object({
  pk: z.object({ S: z.string().check(z.regex(/^PAGE#[a-z0-9]{12}$/)) }),
  sk: z.object({ S: z.literal("PAGE") }),
});

/** Only the key of a stream record counts: the table says what to write. */
export function pageIdOfKeys(keys: unknown): string {
  return idSchema.parse(keysSchema.parse(keys).pk.S.slice("PAGE#".length));
}

/** If a batch names a page many times, the first publication serves them all. */
export function oncePerPage<T>(publish: (pageId: string) => Promise<T>): (pageId: string) => Promise<T> {
  const begun = new Map<string, Promise<T>>();
  return (pageId) => {
    const running = begun.get(pageId) ?? publish(pageId);
    begun.set(pageId, running);
    return running;
  };
}
