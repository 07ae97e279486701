import { expect, it } from "vitest";
import { invocationsAtMost } from "../../infra/concurrency.ts";
import { brokenPromises } from "./promises.ts";
import type { Answer } from "./providers.ts";
import type { Account, Scenario } from "./scenario.ts";
import { simulatedWorld } from "./simulated-world.ts";
import { smallScenario } from "./small-scenario.ts";

/** What a new account has. */
const LIMIT = 10;
const ENDPOINTS = 230;
const UNAVAILABLE: Answer = { outcome: "unavailable", reason: "http 503", retryAfterMs: null };

const EMAILS = 60;
const NUMBERS = 5;

/** An incident of two updates, in an account of ten, while every endpoint takes its 15 seconds, and then fails once. */
function incidentIn(account: Omit<Account, "concurrency" | "apiEveryMs">): Scenario {
  return {
    ...smallScenario(),
    audience: { email: EMAILS, sms: NUMBERS, webhook: ENDPOINTS },
    slow: "webhook",
    answers: [
      ...Array.from({ length: EMAILS + NUMBERS }, () => []),
      ...Array.from({ length: ENDPOINTS }, () => [UNAVAILABLE]),
    ],
    deeds: [
      { after: 0, do: "post", status: "investigating", deliver: true, stream: "prompt" },
      { after: 10_000, do: "post", status: "identified", deliver: true, stream: "prompt" },
    ],
    account: { ...account, concurrency: LIMIT, apiEveryMs: 500 },
  };
}

async function play(scenario: Scenario) {
  const world = simulatedWorld(scenario);
  const { quiet } = await world.play(12 * 60);
  return { api: world.api, broken: await brokenPromises(world, quiet) };
}

it("answers its APIs in an account of ten invocations, while 230 endpoints are slow", async () => {
  const atMost = invocationsAtMost({ lambdaConcurrency: LIMIT, emailsPerSecond: 14 });
  const { api, broken } = await play(incidentIn({ atMost }));
  expect(broken).toEqual([]);
  expect(api).toMatchObject({ refused: 0 });
  expect(api.answered).toBeGreaterThan(100);
});

it("would refuse some of their callers with the lanes of an account of a hundred", async () => {
  const atMost = invocationsAtMost({ lambdaConcurrency: 100, emailsPerSecond: 14 });
  const { api } = await play(incidentIn({ atMost }));
  expect(api.refused).toBeGreaterThan(20);
});
