import * as z from "zod";
import { StartFailure } from "../failure.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const configSchema = z.object({
  FunctionName: z.string(),
  Qualifier: z.literal("$LATEST", "only the latest version runs on this machine"),
  MaximumRetryAttempts: z.number().int().min(0).max(2).optional(),
  /** Nothing on this machine waits for longer than its run takes. */
  MaximumEventAgeInSeconds: z.number().optional(),
  DestinationConfig: z.undefined("destinations do not run on this machine").optional(),
});

/** How often Lambda repeats a failed asynchronous invocation: a schedule's, for example. */
export async function provisionEventInvokeConfig(request: ProvisionRequest): Promise<Provisioned> {
  const { FunctionName, MaximumRetryAttempts } = readProperties(configSchema, request);
  const made = request.services.functions.find(FunctionName);
  if (made === null)
    throw new StartFailure(`${request.path} is for ${FunctionName}, which is no function of these stacks`);
  if (MaximumRetryAttempts !== undefined) made.asyncRetries = MaximumRetryAttempts;
  return { ref: request.name, attributes: {} };
}
