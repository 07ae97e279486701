import type { Telling } from "../core/audience.ts";
import type { Chunk } from "../core/chunk.ts";
import type { LaterUpdate } from "../core/order.ts";
import type { ChunkWork } from "../core/queued-work.ts";
import type { UpdateSender } from "./channel-sender.ts";

/** One attempt at a chunk: what it knows after its claim. */
export interface ChunkRun {
  work: ChunkWork;
  /**
   * The chunk as claimed: its `attempt` fences every write, and its `window` is what an earlier attempt left in doubt.
   */
  claim: Chunk;
  told: Telling;
  /** The incident or component was deleted. */
  withdrawn: boolean;
  later: readonly LaterUpdate[];
  /** Subscribers for whom an earlier update of the subject is still open. */
  openEarlier: ReadonlySet<string>;
  sender: UpdateSender;
  /** No window begins after this. */
  deadline: number;
  windowSize: number;
}
