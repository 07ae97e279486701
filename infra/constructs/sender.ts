import type { Construct } from "constructs";
import type { StateStack } from "../state-stack.ts";
import { SENDER_MEMORY, SENDER_TIMEOUT } from "./delivery-channel.ts";
import { type EnvSchema, PipelineFunction, type PipelineFunctionProps } from "./pipeline-function.ts";
import { allow } from "./table-access.ts";

export type SenderProps<S extends EnvSchema> = Omit<PipelineFunctionProps<S>, "memorySize" | "timeout"> & {
  state: StateStack;
  memorySize?: number;
};

/** What all three senders share: their times, and the calls on the tables that the protocol needs. */
export class Sender<S extends EnvSchema> extends PipelineFunction<S> {
  constructor(scope: Construct, id: string, { state, ...props }: SenderProps<S>) {
    super(scope, id, { memorySize: SENDER_MEMORY, ...props, timeout: SENDER_TIMEOUT });
    allow(this, state.status, ["GetItem", "Query"]);
    allow(this, state.subscribers, ["GetItem", "BatchGetItem", "Query"]);
    // Chunks, deliveries, and the transaction of a delivery's change with its chunk's counts.
    allow(this, state.deliveries, ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "BatchWriteItem"]);
  }
}

/** The tables, by the names of every sender's environment. */
export function tableNames(state: StateStack) {
  return {
    STATUS_TABLE: state.status.tableName,
    SUBSCRIBERS_TABLE: state.subscribers.tableName,
    DELIVERIES_TABLE: state.deliveries.tableName,
    ACCESS_TABLE: state.access.tableName,
  };
}
