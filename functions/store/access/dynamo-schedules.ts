import { type DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import type { Random } from "../../core/clock.ts";
import { attempt, fromItem, getItem, toItem, toKey } from "../table.ts";
import { updateParts } from "../update-expression.ts";
import { type ScheduleItem, type ScheduleLane, scheduleItemSchema, scheduleKey } from "./access-items.ts";
import type { AccessStore, Reservation, SendRate, SendSchedule } from "./access-store.ts";
import { lanesFor, probing, rateOf, SLOTS_AHEAD_MS, type SlotState, slotsAt, spacingFor } from "./send-slots.ts";

type Schedules = Pick<AccessStore, "reserveSlots" | "getRate" | "saveRate" | "pause" | "beginProblem" | "endProblem">;

// A failed try reads the schedule as it was. The next one fails too only if another invocation has written in between.
const RESERVE_ATTEMPTS = 20;

interface ScheduleTable {
  client: DynamoDBClient;
  table: string;
  random: Random;
}

/**
 * The part of the access store that paces sending: one item per provider, shared by all invocations. A fast schedule has
 * lanes besides, each with its part of the rate, so that no key takes the writes of all windows. Rate, pause and problem
 * stay in the schedule's own item.
 */
export function dynamoSchedules({ client, table, random }: ScheduleTable): Schedules {
  // Each schedule as last seen. It is only a guess that saves a read: every reservation is conditional.
  const seen = new Map<ScheduleLane, ScheduleItem | null>();
  // Schedules whose rate was asked for, and nothing reserved from since.
  const askedFor = new Set<SendSchedule>();

  async function read(lane: ScheduleLane): Promise<ScheduleItem | null> {
    const item = await getItem(client, table, scheduleKey(lane));
    const present = item === null ? null : scheduleItemSchema.parse(item);
    seen.set(lane, present);
    return present;
  }

  /**
   * One conditional write: `SET tat = tat + :d` while the schedule is ahead of `now`, else a fresh start. `isStored`:
   * the rate is the schedule's own.
   */
  async function tryReserve(
    lane: ScheduleLane,
    slots: SlotState,
    { perSecond, isStored }: SendRate & { isStored: boolean },
    count: number,
    now: number,
  ): Promise<{ reserved: number } | { present: ScheduleItem | null }> {
    const spacing = spacingFor(perSecond);
    const appends = slots.outcome === "appended";
    const probes = slots.outcome === "probe";
    const conditions = [
      ...(probes
        ? ["problemSince = :since", "probeAt = :probed"]
        : [
            appends ? "tat BETWEEN :now AND :ahead" : "(attribute_not_exists(tat) OR tat < :now)",
            "attribute_not_exists(problem)",
          ]),
      "(attribute_not_exists(pausedUntil) OR pausedUntil <= :now)",
      isStored ? "perSecond = :rate" : "attribute_not_exists(perSecond)",
    ];
    const attempted = await attempt(() =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toKey(scheduleKey(lane)),
          UpdateExpression: appends ? "SET tat = tat + :d" : `SET tat = :next${probes ? ", probeAt = :probing" : ""}`,
          ConditionExpression: conditions.join(" AND "),
          ExpressionAttributeValues: toItem({
            ":now": now,
            ":rate": isStored ? perSecond : undefined,
            ...(appends
              ? { ":ahead": now + SLOTS_AHEAD_MS, ":d": count * spacing }
              : { ":next": now + count * spacing }),
            ...(probes
              ? {
                  ":since": slots.problem.since,
                  ":probed": slots.problem.probeAt,
                  ":probing": probing(now).probeAt,
                }
              : {}),
          }),
          ReturnValues: "UPDATED_OLD",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      ),
    );
    if (attempted.refusal !== null) {
      const [old] = attempted.refusal.old;
      return { present: old === undefined ? null : scheduleItemSchema.parse(fromItem(old)) };
    }
    const { tat } = scheduleItemSchema.parse(fromItem(attempted.result.Attributes ?? {}));
    return { reserved: appends && tat !== undefined ? tat : now };
  }

  async function set(schedule: SendSchedule, fields: Record<string, unknown>, condition?: string) {
    await attempt(() =>
      client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toKey(scheduleKey(schedule)),
          ConditionExpression: condition,
          ...updateParts({ set: fields }),
        }),
      ),
    );
  }

  /** `laneRate`: that of a lane, whose item does not say it. */
  async function reserve(
    schedule: SendSchedule,
    { lane, laneRate }: { lane: ScheduleLane; laneRate: SendRate | null },
    count: number,
    now: number,
  ): Promise<Reservation> {
    let present = seen.get(lane) ?? null;
    let fresh = false;
    for (let tries = 1; tries <= RESERVE_ATTEMPTS; tries += 1) {
      const rate = laneRate ?? rateOf(schedule, present);
      const slots = slotsAt(present, rate, now);
      if (slots.outcome === "full" || slots.outcome === "paused") {
        if (fresh) return slots;
        // Somebody may have resumed it since the last read.
        present = await read(lane);
        fresh = true;
        continue;
      }
      const isStored = laneRate === null && present?.perSecond !== undefined;
      const tried = await tryReserve(lane, slots, { ...rate, isStored }, count, now);
      if ("reserved" in tried) {
        const spacingMs = spacingFor(rate.perSecond);
        const probe = slots.outcome === "probe" ? slots.problem : null;
        const tat = tried.reserved + count * spacingMs;
        seen.set(lane, { ...present, tat, ...(probe === null ? {} : probing(now)) });
        return { outcome: "reserved", startAt: tried.reserved, spacingMs, probe };
      }
      present = tried.present;
      fresh = true;
    }
    // This was never seen to happen. The schedule is too busy to get a slot, which is what full means.
    return { outcome: "full", retryAt: now + SLOTS_AHEAD_MS };
  }

  /** One of the lanes at random; null: the schedule has none, or is held back, and its own item decides. */
  async function laneOf(schedule: SendSchedule, now: number) {
    const known = seen.get(schedule) ?? null;
    if (lanesFor(rateOf(schedule, known).perSecond) === 1) return null;
    // A lane knows of no pause, so the schedule is read for each reservation; a chunk that just asked for its rate did so.
    const present = askedFor.delete(schedule) ? known : await read(schedule);
    const rate = rateOf(schedule, present);
    const lanes = lanesFor(rate.perSecond);
    const { outcome } = slotsAt(present, rate, now);
    if (lanes === 1 || outcome === "paused" || outcome === "probe") return null;
    const [drawn = 0] = random(1);
    const lane: ScheduleLane = `${schedule}#${drawn % lanes}`;
    return { lane, laneRate: { perSecond: rate.perSecond / lanes, leftToday: null } };
  }

  return {
    async reserveSlots(schedule, count, now) {
      if (!seen.has(schedule)) await read(schedule);
      const own = { lane: schedule, laneRate: null };
      return reserve(schedule, (await laneOf(schedule, now)) ?? own, count, now);
    },

    async getRate(schedule) {
      const present = await read(schedule);
      askedFor.add(schedule);
      return rateOf(schedule, present);
    },

    saveRate(schedule, { perSecond, leftToday, perDay }, now) {
      return set(schedule, { perSecond, leftToday, rateAt: now, ...(perDay === undefined ? {} : { perDay }) });
    },

    pause(schedule, until) {
      // A pause learnt of earlier never shortens a later one.
      const condition = "attribute_not_exists(#pausedUntil) OR #pausedUntil < :new_pausedUntil";
      return set(schedule, { pausedUntil: until }, condition);
    },

    async beginProblem(schedule, reason, now, probeAt) {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: table,
          Key: toKey(scheduleKey(schedule)),
          ...updateParts({ set: { problem: reason, probeAt }, setOnce: { problemSince: now } }),
          ReturnValues: "UPDATED_OLD",
        }),
      );
      return Attributes === undefined ? null : (scheduleItemSchema.parse(fromItem(Attributes)).problem ?? null);
    },

    async endProblem(schedule, since) {
      const { refusal } = await attempt(() =>
        client.send(
          new UpdateItemCommand({
            TableName: table,
            Key: toKey(scheduleKey(schedule)),
            UpdateExpression: "REMOVE problem, problemSince, probeAt",
            ConditionExpression: "problemSince = :since",
            ExpressionAttributeValues: toItem({ ":since": since }),
          }),
        ),
      );
      return { outcome: refusal === null ? "ended" : "lost" };
    },
  };
}
