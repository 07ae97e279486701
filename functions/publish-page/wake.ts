import * as z from "zod/mini";
import { idSchema } from "../core/ids.ts";

/** `PAGE#<id>`, sort key `PAGE`: the item that every change of a page rewrites. */
const keysSchema = z.object({
  pk: z.object({ S: z.string().check(z.regex(/^PAGE#[a-z0-9]{12}$/)) }),
  sk: z.object({ S: z.literal("PAGE") }),
});

/** Of a stream record only its key counts: what to write is read from the table. */
export function pageIdOfKeys(keys: unknown): string {
  return idSchema.parse(keysSchema.parse(keys).pk.S.slice("PAGE#".length));
}

/** Of a batch that names a page many times, the first one's publication is the one of all. */
export function oncePerPage<T>(publish: (pageId: string) => Promise<T>): (pageId: string) => Promise<T> {
  const begun = new Map<string, Promise<T>>();
  return (pageId) => {
    const running = begun.get(pageId) ?? publish(pageId);
    begun.set(pageId, running);
    return running;
  };
}
