import type {
  DynamoDBBatchResponse,
  DynamoDBRecord,
  DynamoDBStreamEvent,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from "aws-lambda";
import type { Logger } from "./logger.ts";

/**
 * Runs every record; only the failed ones come back. In a FIFO group, what follows a failure is not run and comes back
 * too, so that order holds. Records of a standard queue run side by side, and so do different groups.
 */
export function sqsBatch(
  run: (record: SQSRecord) => Promise<void>,
  log: Logger,
): (batch: SQSEvent) => Promise<SQSBatchResponse> {
  return async (batch) => {
    const lanes = Map.groupBy(batch.Records, (record) => record.attributes.MessageGroupId ?? record.messageId);
    const failed = await Promise.all([...lanes.values()].map((lane) => failuresOf(lane, run, log)));
    return { batchItemFailures: failed.flat().map((record) => ({ itemIdentifier: record.messageId })) };
  };
}

async function failuresOf(
  lane: readonly SQSRecord[],
  run: (record: SQSRecord) => Promise<void>,
  log: Logger,
): Promise<readonly SQSRecord[]> {
  for (const [index, record] of lane.entries()) {
    try {
      await run(record);
    } catch (error) {
      log.error("record failed", error, { messageId: record.messageId, heldBack: lane.length - index - 1 });
      return lane.slice(index);
    }
  }
  return [];
}

/** Runs the records in order up to the first failure. Lambda goes on from the lowest sequence number that it gets. */
export function streamBatch(
  run: (record: DynamoDBRecord) => Promise<void>,
  log: Logger,
): (batch: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse> {
  return async (batch) => {
    for (const record of batch.Records) {
      try {
        await run(record);
      } catch (error) {
        const itemIdentifier = record.dynamodb?.SequenceNumber;
        log.error("record failed", error, { sequenceNumber: itemIdentifier ?? null });
        // Without a number we could not name the record: fail the batch rather than lose it.
        if (itemIdentifier === undefined) throw error;
        return { batchItemFailures: [{ itemIdentifier }] };
      }
    }
    return { batchItemFailures: [] };
  };
}

/** For functions that two kinds of source call. */
export function isStreamBatch(batch: DynamoDBStreamEvent | SQSEvent): batch is DynamoDBStreamEvent {
  return batch.Records.some((record) => "dynamodb" in record);
}
