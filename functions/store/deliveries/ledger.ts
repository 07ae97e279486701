import type { Chunk, ChunkKey, ChunkName, ChunkPlan, ChunkProgress } from "../../core/chunk.ts";
import type { Delivery, DeliveryState } from "../../core/delivery.ts";
import type { ChannelPlan, Notice, TopicState } from "../../core/notice.ts";
import type { Rendering, TextName } from "../../core/rendering.ts";
import type { ReportPart } from "../../core/report.ts";
import type { Subject, ToldSubject } from "../../core/subject.ts";
import type { Channel } from "../../core/subscriber.ts";
import type { ListPage } from "../status/status-store.ts";

type ClaimOutcome =
  /** `chunk` is the claim as stored, `attempt` its fencing token. `window` holds what an earlier attempt left in doubt. */
  { outcome: "claimed"; chunk: Chunk } | { outcome: "lost"; why: "done" | "leased" };
export type FencedOutcome = { outcome: "saved" } | { outcome: "lost" };

export type ProblemState = "failed" | "suppressed" | "ambiguous";

export type RenderingKey = TextName & { pageId: string; updateId: string };

export interface ChunkPlanKey {
  pageId: string;
  subject: ToldSubject;
  channel: Channel;
}

/**
 * The deliveries table: outbox and ledger. Items expire 90 days after they were written. All reads are strongly
 * consistent, except the lists that the index sections name.
 */
export interface Ledger {
  getNotice(pageId: string, updateId: string): Promise<Notice | null>;
  /** So many chunks of an unplanned notice are queued. `lost`: more are, or it is planned. */
  noteQueued(notice: Notice, queued: number): Promise<FencedOutcome>;
  /** unplanned -> planned, with the plan. `lost`: it was planned already. */
  markPlanned(notice: Notice, plan: ChannelPlan, now: number, topic?: TopicState): Promise<FencedOutcome>;
  /** What became of the topic's publication, once it no longer waits. */
  settleTopic(notice: Notice, topic: TopicState): Promise<void>;
  /** planned -> done: it leaves the open index. */
  markDone(notice: Notice): Promise<void>;
  /** Index *open*: notices not done, oldest first. */
  listOpenNotices(limit: number, cursor: string | null): Promise<ListPage<Notice>>;

  /**
   * Keeps the first rendering ever stored under the key. Returns the one in force, so all attempts send the same bytes.
   */
  keepRendering(key: RenderingKey, rendering: Rendering, now: number): Promise<Rendering>;
  getRendering(key: RenderingKey): Promise<Rendering | null>;
  /** How many chunks the subject's updates have on a channel; null before the first was planned. */
  getChunkPlan(key: ChunkPlanKey): Promise<ChunkPlan | null>;
  /**
   * Adds an update that the plan does not name yet, and drops those for which the plan has grown too long. `lost`: the
   * plan is no longer the one read (null: none).
   */
  fixChunks(
    key: ChunkPlanKey,
    seq: number,
    chunks: number,
    read: ChunkPlan | null,
    now: number,
  ): Promise<FencedOutcome>;

  /** queued (or absent, or claimed with its lease over at `now`) -> claimed, the next attempt. */
  claimChunk(key: ChunkKey, resend: number, now: number, leaseUntil: number): Promise<ClaimOutcome>;
  /** Records of the given chunks; leaves out those that were never claimed or queued again. */
  getChunks(refs: readonly ChunkName[]): Promise<Chunk[]>;
  /** Of one channel, or of all. */
  listChunks(pageId: string, updateId: string, channel?: Channel): Promise<Chunk[]>;
  /** The sums over the channel's chunks that are done, in parts. They are kept where there are many: see `isSummed`. */
  getSums(pageId: string, updateId: string, channel: Channel): Promise<ReportPart[]>;
  /** Before a window is sent: stores who may be in flight, under the claim's fencing token. */
  openWindow(
    key: ChunkKey,
    attempt: number,
    window: readonly string[],
    windowAgain: readonly string[],
  ): Promise<FencedOutcome>;
  /** After a window is recorded: adds to the chunk, clears the window, moves the cursor. */
  closeWindow(key: ChunkKey, attempt: number, progress: ChunkProgress, cursor: string | null): Promise<FencedOutcome>;
  /** claimed -> done. */
  finishChunk(key: ChunkKey, attempt: number): Promise<FencedOutcome>;
  /** claimed -> queued: gives the chunk back; sweep sends it again once `notBefore` has passed. */
  yieldChunk(key: ChunkKey, attempt: number, notBefore: number): Promise<FencedOutcome>;
  /**
   * For sweep: (absent | queued | claimed and lease over) -> queued under the next resend number. Returns that number,
   * or null when the chunk is done or alive.
   */
  requeueChunk(key: ChunkKey, now: number, queuedBefore: number): Promise<number | null>;

  /** Creates the records of a window; repeats unprocessed writes until all are in. */
  recordDeliveries(deliveries: readonly Delivery[]): Promise<void>;
  /** Records of these subscribers for one update; leaves out missing ones. */
  getDeliveries(pageId: string, subject: Subject, seq: number, subscriberIds: readonly string[]): Promise<Delivery[]>;
  /** All deliveries about one subject to one subscriber, oldest update first. */
  listSubscriberSubject(pageId: string, subscriberId: string, subject: Subject): Promise<Delivery[]>;
  /**
   * One transaction: the record replaces the one in state `from` (with `from`'s number of attempts), and the chunk's
   * counts follow. Counts `latencyMs` when the delivery became accepted (but not for a resent one). `lost`: it is no
   * longer in that state, or it is in its chunk's open window, which has yet to count it.
   */
  changeDelivery(
    from: { state: DeliveryState; attempts: number; leaseUntil: number | null },
    to: Delivery,
    latencyMs: number | null,
  ): Promise<FencedOutcome>;
  /** Index *due*: open deliveries whose next attempt (with grace) lies before `now`. */
  listDue(now: number, limit: number): Promise<Delivery[]>;
  /** Pushes a due delivery out of sight until `dueAt`, if it is still in the state read. `lost`: it is not. */
  postponeDue(delivery: Delivery, dueAt: number): Promise<FencedOutcome>;
  /**
   * Index *problems*: failed, suppressed and ambiguous deliveries of an update, by state and subscriber; with `state`,
   * only that one.
   */
  listProblems(
    pageId: string,
    updateId: string,
    limit: number,
    cursor: string | null,
    state?: ProblemState,
  ): Promise<ListPage<Delivery>>;
  /** All deliveries of one subscriber, newest update first. Every page reads all of the subscriber's 90 days. */
  listSubscriberDeliveries(
    pageId: string,
    subscriberId: string,
    limit: number,
    cursor: string | null,
  ): Promise<ListPage<Delivery>>;
  /**
   * The same for an endpoint, from the index *endpoint*: a page reads no more than a page. Deliveries recorded within
   * this second may be missing.
   */
  listEndpointDeliveries(
    pageId: string,
    subscriberId: string,
    limit: number,
    cursor: string | null,
  ): Promise<ListPage<Delivery>>;
}
