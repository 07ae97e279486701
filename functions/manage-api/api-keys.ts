import * as z from "zod/mini";
import { changeKey, createKey, type KeyMade, type KeyRefused, revokeKey, rotateKey } from "../api-keys/change-keys.ts";
import { type ApiKey, apiScopes, keyStateOf } from "../core/api-key.ts";
import { greatest } from "../core/extremes.ts";
import { newId } from "../core/ids.ts";
import type { Page } from "../core/page.ts";
import { isoInZone } from "../core/zoned-time.ts";
import { clearable, count, fieldsIn, fieldsUnder, instantOrDate, line, oneOf, optional } from "../lambda/input.ts";
import { HttpProblem, invalid } from "../lambda/problem.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound, param } from "./call.ts";
import { conflict } from "./save-with-retry.ts";

const NAME_LIMIT = 100;
const DAY_SECONDS = 24 * 60 * 60;
const LONGEST_OVERLAP_SECONDS = 7 * DAY_SECONDS;

const scopesField = z
  .array(oneOf(apiScopes), "must be a list of scopes")
  .check(z.minLength(1, "must name at least one scope"));
const newKeySchema = z.object({
  name: line(NAME_LIMIT),
  scopes: z.optional(scopesField),
  expires_at: clearable(instantOrDate),
});
const changeSchema = z.object({
  name: optional(line(NAME_LIMIT)),
  scopes: optional(scopesField),
  expires_at: clearable(instantOrDate),
});
const rotationSchema = z.object({
  overlap_seconds: optional(
    count.check(z.maximum(LONGEST_OVERLAP_SECONDS, `must not be more than ${LONGEST_OVERLAP_SECONDS}, seven days`)),
  ),
});

/** Tocsin's own: the keys of this API. */
export function apiKeyRoutes(deps: ManageDeps): ManageRoute[] {
  const list = "/pages/{page}/api_keys";
  const one = `${list}/{api_key}`;
  return [
    { method: "GET", path: list, scope: "keys:read", run: (call) => listKeys(deps, call) },
    { method: "POST", path: list, scope: "keys:write", once: true, run: (call) => create(deps, call) },
    { method: "GET", path: one, scope: "keys:read", run: (call) => read(deps, call) },
    { method: "PATCH", path: one, scope: "keys:write", run: (call) => change(deps, call) },
    { method: "POST", path: `${one}/rotate`, scope: "keys:write", once: true, run: (call) => rotate(deps, call) },
    { method: "DELETE", path: one, scope: "keys:write", run: (call) => revoke(deps, call) },
  ];
}

async function listKeys(deps: ManageDeps, { page, now }: ManageCall): Promise<ManageReply> {
  const keys = await deps.keys.listKeys(page.id);
  const newestFirst = keys.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  return { status: 200, body: newestFirst.map((key) => presentKey(key, page, now)) };
}

async function read(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  return { status: 200, body: presentKey(await keyIn(deps, call), call.page, call.now) };
}

async function create(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { name, scopes, expires_at: expiresAt } = fieldsUnder("api_key", newKeySchema, call.body);
  // Leaving something out must never make a key for everything.
  if (scopes === undefined) throw invalid("api_key.scopes", `is required: some of ${call.apiKey.scopes.join(", ")}`);
  const wish = { id: newId(call.idRandom), pageId: call.page.id, name, scopes, expiresAt };
  return madeReply(await createKey(deps, call.apiKey, wish, call.now), call);
}

async function change(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { name, scopes, expires_at: expiresAt } = fieldsUnder("api_key", changeSchema, call.body);
  const wish = {
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const changed = await changeKey(deps, call.apiKey, await keyIn(deps, call), wish, call.now);
  if (changed.outcome !== "changed") throw problemOf(changed);
  return { status: 200, body: presentKey(changed.key, call.page, call.now) };
}

async function rotate(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const { overlap_seconds: overlap = DAY_SECONDS } = fieldsIn(rotationSchema, call.body, "");
  const key = await keyIn(deps, call);
  return madeReply(await rotateKey(deps, call.apiKey, key, overlap * 1_000, call.now), call);
}

async function revoke(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const given = call.request.query.get("made") ?? undefined;
  if (given !== undefined && given !== "revoke" && given !== "keep") throw invalid("made", "must be revoke or keep");
  const revoked = await revokeKey(deps, call.apiKey, await keyIn(deps, call), given, call.now);
  if (revoked.outcome !== "revoked") throw problemOf(revoked);
  return { status: 200, body: { revoked: revoked.keys.map(({ id }) => id) } };
}

/** The secret is in this answer and in no other: a replay has null in its place. */
function madeReply(made: KeyMade | KeyRefused, { page, now }: ManageCall): ManageReply {
  if (made.outcome !== "made") throw problemOf(made);
  const shown = presentKey(made.key, page, now);
  return { status: 201, body: { ...shown, key: made.text }, keep: { ...shown, key: null } };
}

function problemOf(refused: KeyRefused): HttpProblem {
  switch (refused.outcome) {
    case "refused":
      return invalid(refused.field, refused.problem);
    case "forbidden": {
      const { field, problem } = refused;
      return new HttpProblem(403, `${field} ${problem}`, [{ field, problem }]);
    }
    case "ended":
      return new HttpProblem(409, `This key is ${refused.state}, and stays so`);
    case "conflict":
      return conflict();
  }
}

async function keyIn(deps: ManageDeps, call: ManageCall): Promise<ApiKey> {
  const key = await deps.keys.getKey(param(call, "api_key"));
  if (key === null || key.pageId !== call.page.id) throw notFound("api_key");
  return key;
}

function presentKey(key: ApiKey, page: Page, now: number) {
  const time = (instant: number | null) => (instant === null ? null : isoInZone(instant, page.timeZone));
  const { previous } = key;
  const used = [key.lastUsedAt, key.previousUsedAt].filter((at) => at !== null);
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    state: keyStateOf(key, now),
    created_by: key.createdBy,
    created_at: time(key.createdAt),
    rotated_at: time(key.rotatedAt),
    rotated_by: key.rotatedBy,
    expires_at: time(key.expiresAt),
    revoked_at: time(key.revokedAt),
    last_used_at: time(greatest(used)),
    previous_secret:
      previous === null || previous.validUntil <= now
        ? null
        : { valid_until: time(previous.validUntil), last_used_at: time(key.previousUsedAt) },
  };
}
