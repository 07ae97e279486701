import { createHmac } from "node:crypto";
import type { Random } from "./clock.ts";

/** A generator that gives the same bytes for the same seed. A request that runs again makes the same ids. */
export function seededRandom(seed: string): Random {
  let block = 0;
  return (count) => {
    const blocks: Buffer[] = [];
    for (let bytes = 0; bytes < count; bytes += 32) {
      blocks.push(createHmac("sha256", seed).update(String(block)).digest());
      block += 1;
    }
    return Buffer.concat(blocks).subarray(0, count);
  };
}
