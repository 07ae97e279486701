import { sha256Hex } from "../core/ids.ts";
import { seededRandom } from "../core/seeded-random.ts";
import type { HttpRequest } from "../lambda/http.ts";
import { HttpProblem } from "../lambda/problem.ts";
import type { ManageCall, ManageDeps, ManageReply, ManageRoute } from "./call.ts";

const SEED_BYTES = 32;
const KEY_FORM = /^[\x21-\x7e]{1,255}$/;

/**
 * Runs a route at most once per `Idempotency-Key` (24 hours); another run under the key gets the first one's answer. A
 * run that died after its commit runs again with the same ids, and so finds what it stored.
 */
export async function runOnce(route: ManageRoute, call: ManageCall, deps: ManageDeps): Promise<ManageReply> {
  const key = call.request.headers["idempotency-key"];
  if (key === undefined) return route.run(call);
  if (!KEY_FORM.test(key)) throw new HttpProblem(400, "Idempotency-Key must be 1 to 255 visible ASCII characters");

  const keyHash = sha256Hex(`${call.apiKey.id}|${key}`);
  const freshSeed = Buffer.from(deps.random(SEED_BYTES)).toString("hex");
  const begun = await deps.access.beginIdempotent(
    call.page.id,
    keyHash,
    requestHash(call.request),
    call.now,
    freshSeed,
  );
  switch (begun.outcome) {
    case "running":
      throw new HttpProblem(409, "A request with this Idempotency-Key is still running", [], { "retry-after": "5" });
    case "mismatch":
      throw new HttpProblem(422, "This Idempotency-Key was used with another request: a new request takes a new key");
    case "replay":
      return replay(route, call, begun.status, JSON.parse(begun.body));
    case "run":
      return run(route, { ...call, idRandom: seededRandom(begun.seed) }, keyHash, deps);
  }
}

async function run(route: ManageRoute, call: ManageCall, keyHash: string, deps: ManageDeps): Promise<ManageReply> {
  const reply = await settled(route, call);
  // Kept only if it is final: after a conflict or a fault of ours the caller should try again under the same key.
  try {
    await deps.access.completeIdempotent(
      call.page.id,
      keyHash,
      reply.status,
      JSON.stringify(reply.keep ?? reply.body ?? null),
    );
  } catch (error) {
    deps.log.error("answer not kept for its idempotency key", error, { pageId: call.page.id });
  }
  return reply;
}

/** The route's answer; a refusal of the input is a final answer too. */
async function settled(route: ManageRoute, call: ManageCall): Promise<ManageReply> {
  try {
    return await route.run(call);
  } catch (error) {
    if (!(error instanceof HttpProblem) || error.status === 409 || error.status >= 500) throw error;
    const { status, message, details } = error;
    return { status, body: details.length > 0 ? { error: message, details } : { error: message } };
  }
}

async function replay(route: ManageRoute, call: ManageCall, status: number, kept: unknown): Promise<ManageReply> {
  if (status < 400 && route.replay !== undefined) return route.replay(call, kept);
  return kept === null ? { status } : { status, body: kept };
}

function requestHash(request: HttpRequest): string {
  return sha256Hex(Buffer.concat([Buffer.from(`${request.method}\n${request.path}\n`), request.bytes]));
}
