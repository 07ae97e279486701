import { setTimeout as sleep } from "node:timers/promises";
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type _Record as StreamRecord,
} from "@aws-sdk/client-dynamodb-streams";
import type { Activity } from "../activity.ts";
import type { Checkpoints } from "../checkpoints.ts";
import { oneLine } from "../failure.ts";
import { type BatchProps, runBatch } from "./stream-batch.ts";

export interface StreamMappingProps extends BatchProps {
  streams: DynamoDBStreamsClient;
  matches(record: unknown): boolean;
  from: "TRIM_HORIZON" | "LATEST";
  batchSize: number;
  activity: Activity;
  checkpoints: Checkpoints;
}

/** The pause between two looks at a stream while a function runs, and so may write. */
const ACTIVE_MS = 10;
/**
 * While none runs, each look that finds nothing doubles the pause, up to this one. Lambda looks four times a second.
 */
const IDLE_MS = 2000;
/** New shards follow one that is closed, and the reader notices that by itself. */
const NEW_SHARDS_MS = 30_000;
const NO_SHARD_YET_MS = 50;
const AFTER_ERROR_MS = 500;
const MOST_RECORDS = 1000;

/**
 * Reads every shard of the stream, each in order, side by side. The returned function ends it and waits for running
 * batches.
 */
export function readStream(props: StreamMappingProps): () => Promise<void> {
  const ending = new AbortController();
  const shards = new Map<string, Promise<void>>();
  let shardEnded = () => {};

  const discover = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await untilItWorks(props, ending.signal, async () => {
        for (const shardId of await listShards(props, ending.signal)) {
          if (shards.has(shardId)) continue;
          shards.set(
            shardId,
            readShard(shardId, props, ending.signal).finally(() => shardEnded()),
          );
        }
      });
      const ended = new Promise<void>((resolve) => {
        shardEnded = resolve;
      });
      await Promise.race([pause(shards.size === 0 ? NO_SHARD_YET_MS : NEW_SHARDS_MS, ending.signal), ended]);
    }
  };
  const discovered = discover();
  return async () => {
    ending.abort();
    await discovered;
    await Promise.all(shards.values());
  };
}

async function listShards({ streams, streamArn }: StreamMappingProps, abortSignal: AbortSignal): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const { StreamDescription } = await streams.send(
      new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: after }),
      { abortSignal },
    );
    for (const { ShardId } of StreamDescription?.Shards ?? []) if (ShardId !== undefined) ids.push(ShardId);
    after = StreamDescription?.LastEvaluatedShardId;
  } while (after !== undefined);
  return ids;
}

async function readShard(shardId: string, props: StreamMappingProps, ending: AbortSignal): Promise<void> {
  let iterator = await untilItWorks(props, ending, () => openShard(shardId, props, ending));
  let rest = ACTIVE_MS;
  // A closed shard ends with no further iterator. (Its ending number shows nothing: the emulator gives one to open
  // shards.)
  while (typeof iterator === "string" && !ending.aborted) {
    const from: string = iterator;
    const step = await untilItWorks(props, ending, async () => {
      const { Records = [], NextShardIterator } = await props.streams.send(
        new GetRecordsCommand({ ShardIterator: from, Limit: MOST_RECORDS }),
        { abortSignal: ending },
      );
      return { records: Records, next: NextShardIterator };
    });
    if (step === null) return;
    if (!(await handle(shardId, step.records, props, ending))) return;
    iterator = step.next ?? null;
    const busy = step.records.length > 0 || props.activity.running;
    rest = busy ? ACTIVE_MS : Math.min(2 * rest, IDLE_MS);
    // Looks at once for what a function did just before its end.
    if (busy) await pause(rest, ending);
    else if (await props.activity.pause(rest, ending)) rest = ACTIVE_MS;
  }
}

/** Opens the shard after the last handled record, or at its start if that record is no longer in the stream. */
async function openShard(shardId: string, props: StreamMappingProps, abortSignal: AbortSignal): Promise<string | null> {
  const { streams, streamArn, checkpoints, from } = props;
  const shard = { StreamArn: streamArn, ShardId: shardId };
  const last = checkpoints.get(checkpointKey(shardId, props));
  if (last !== null) {
    try {
      const { ShardIterator = null } = await streams.send(
        new GetShardIteratorCommand({
          ...shard,
          ShardIteratorType: "AFTER_SEQUENCE_NUMBER",
          SequenceNumber: last,
        }),
        { abortSignal },
      );
      return ShardIterator;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "TrimmedDataAccessException") throw error;
    }
  }
  const { ShardIterator = null } = await streams.send(
    new GetShardIteratorCommand({ ...shard, ShardIteratorType: last === null ? from : "TRIM_HORIZON" }),
    { abortSignal },
  );
  return ShardIterator;
}

/** Handles the records that match the filter, in batches. False: the stack is stopping and not all were handled. */
async function handle(
  shardId: string,
  records: readonly StreamRecord[],
  props: StreamMappingProps,
  ending: AbortSignal,
): Promise<boolean> {
  const matching = records.filter((record) => props.matches(record));
  for (let start = 0; start < matching.length; start += props.batchSize) {
    const batch = matching.slice(start, start + props.batchSize);
    if ((await runBatch(shardId, batch, props, ending)) === "stopped") return false;
    remember(shardId, batch.at(-1), props);
  }
  remember(shardId, records.at(-1), props);
  return true;
}

function remember(shardId: string, record: StreamRecord | undefined, props: StreamMappingProps): void {
  const sequenceNumber = record?.dynamodb?.SequenceNumber;
  if (sequenceNumber !== undefined) props.checkpoints.set(checkpointKey(shardId, props), sequenceNumber);
}

function checkpointKey(shardId: string, { streamArn, target }: StreamMappingProps): string {
  return `${target.name} ${streamArn} ${shardId}`;
}

async function untilItWorks<T>(
  { log, target }: StreamMappingProps,
  ending: AbortSignal,
  action: () => Promise<T>,
): Promise<T | null> {
  while (!ending.aborted) {
    try {
      return await action();
    } catch (error) {
      if (ending.aborted) return null;
      log.problem(target.name, `its stream could not be read: ${oneLine(error)}`);
      await pause(AFTER_ERROR_MS, ending);
    }
  }
  return null;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, null, { signal }).catch(() => {});
}
