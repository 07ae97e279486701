import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { ACCOUNT, REGION } from "../account.ts";
import { StartFailure } from "../failure.ts";
import { invokeAsync } from "../invoke-async.ts";
import type { LocalFunction } from "../local-function.ts";
import type { Services } from "../services.ts";
import { type Provisioned, type ProvisionRequest, readProperties } from "./resource.ts";

const ruleSchema = z.object({
  ScheduleExpression: z.string("only rules with a schedule run on this machine"),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Targets: z.array(z.object({ Arn: z.string(), Input: z.string().optional() })).default([]),
});

export async function provisionRule(request: ProvisionRequest): Promise<Provisioned> {
  const { State, Targets } = readProperties(ruleSchema, request);
  const arn = `arn:aws:events:${REGION}:${ACCOUNT}:rule/${request.name}`;
  if (State === "ENABLED") {
    for (const { Arn, Input } of Targets) {
      schedule(request, Arn, () => (Input === undefined ? scheduledPayload(arn) : JSON.parse(Input)));
    }
  }
  return { ref: request.name, attributes: { Arn: arn } };
}

const scheduleSchema = z.object({
  ScheduleExpression: z.string(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Target: z.object({ Arn: z.string(), Input: z.string().default("{}") }),
});

export async function provisionSchedule(request: ProvisionRequest): Promise<Provisioned> {
  const { State, Target } = readProperties(scheduleSchema, request);
  if (State === "ENABLED") schedule(request, Target.Arn, () => JSON.parse(Target.Input));
  return {
    ref: request.name,
    attributes: { Arn: `arn:aws:scheduler:${REGION}:${ACCOUNT}:schedule/default/${request.name}` },
  };
}

/**
 * Ignores the template's rate: runs once at the start, which waits for it, and then at the pace that the caller chose.
 */
function schedule({ path, services }: ProvisionRequest, targetArn: string, payload: () => unknown): void {
  const target = services.functions.find(targetArn);
  if (target === null) throw new StartFailure(`${path} invokes ${targetArn}, which is no function of these stacks`);
  target.keepLoaded();
  services.at("schedule", async () => {
    // A failure is not repeated: the stack must not start minutes late.
    await target.invoke(payload()).catch(() => {});
    services.whenStopped(every(services, target, payload));
  });
}

/** The next run does not overtake one that takes longer than the interval. */
function every({ sweepMs }: Services, target: LocalFunction, payload: () => unknown): () => Promise<void> {
  let running: Promise<void> | null = null;
  const ending = new AbortController();
  const wait = (milliseconds: number) =>
    sleep(milliseconds, true, { signal: ending.signal, ref: false }).catch(() => false);
  const timer = setInterval(() => {
    running ??= invokeAsync(target, payload(), wait).finally(() => {
      running = null;
    });
  }, sweepMs);
  return async () => {
    clearInterval(timer);
    ending.abort();
    await running;
  };
}

function scheduledPayload(ruleArn: string): object {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: ACCOUNT,
    time: new Date().toISOString(),
    region: REGION,
    resources: [ruleArn],
    detail: {},
  };
}
