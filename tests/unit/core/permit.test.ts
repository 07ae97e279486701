import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  LETTERS_SHARE,
  type LetterRequest,
  MAIL_RULES,
  NO_PERMITS,
  PERMIT_DAY_MS,
  type Permits,
  permit,
  SMS_RULES,
  shareSpacing,
} from "../../../functions/core/permit.ts";

const MINUTE = 60_000;
const START = Date.UTC(2025, 6, 7, 10, 5);

const request = (letterId: string, more: Partial<LetterRequest> = {}): LetterRequest => ({
  letterId,
  kind: "confirmation",
  cause: "anybody",
  isProven: false,
  ...more,
});

/** What becomes of requests, one after the other. */
function run(requests: readonly (LetterRequest & { at: number })[], rules = MAIL_RULES) {
  let known: Permits = NO_PERMITS;
  return requests.map(({ at, ...asked }) => {
    const permission = permit(known, asked, rules, at);
    if (permission.outcome === "permitted") known = permission.next;
    return permission.outcome;
  });
}

test("a letter that is brought twice has its permit, and does not count twice", () => {
  expect(
    run([
      { ...request("a"), at: START },
      { ...request("a"), at: START + 1 },
      { ...request("b"), at: START + 2 },
      { ...request("b"), at: START + 10 * MINUTE },
    ]),
  ).toEqual(["permitted", "repeated", "refused", "permitted"]);
});

test("a link to manage does not wait for the confirmation before it", () => {
  expect(
    run([
      { ...request("a"), at: START },
      { ...request("b", { kind: "manage link" }), at: START + MINUTE },
    ]),
  ).toEqual(["permitted", "permitted"]);
});

test("whoever holds a link is not shut out by those who know the address alone", () => {
  const strangers = [0, 10, 20, 30].map((minute) => ({ ...request(`s${minute}`), at: START + minute * MINUTE }));
  const own = { ...request("own", { kind: "farewell", cause: "own link" }), at: START + 31 * MINUTE };
  expect(run([...strangers, own])).toEqual(["permitted", "permitted", "permitted", "refused", "permitted"]);
});

describe("an address that endpoints name as their contact", () => {
  const contact = (letterId: string, isProven = false) => request(letterId, { kind: "contact", isProven });

  test("gets one letter until it opened a link of its own, whatever the time", () => {
    const days = [0, 1, 7, 90, 400].map((day) => ({ ...contact(`d${day}`), at: START + day * PERMIT_DAY_MS }));
    expect(run(days)).toEqual(["permitted", "refused", "refused", "refused", "refused"]);
    expect(run([...days, { ...contact("d0"), at: START + 500 * PERMIT_DAY_MS }]).at(-1)).toBe("repeated");
  });

  test("gets what any address gets once it did, or an operator named it", () => {
    const proven: Permits = { letters: [], contact: { is: "proven" } };
    expect(permit(proven, contact("a"), MAIL_RULES, START).outcome).toBe("permitted");
    const vouched = permit(
      { letters: [], contact: { is: "told", letterId: "b" } },
      contact("a", true),
      MAIL_RULES,
      START,
    );
    expect(vouched).toMatchObject({ outcome: "permitted", next: { contact: { is: "told", letterId: "b" } } });
  });

  test("keeps its one letter where the day's are used up", () => {
    const used = [0, 10, 20].map((minute) => ({ ...request(`s${minute}`), at: START + minute * MINUTE }));
    const outcomes = run([
      ...used,
      { ...contact("c"), at: START + 30 * MINUTE },
      { ...contact("d"), at: START + 2 * PERMIT_DAY_MS },
    ]);
    expect(outcomes.slice(-2)).toEqual(["refused", "permitted"]);
  });
});

test("whatever is asked for, nobody gets more than the rules say within any day", () => {
  const asked = fc.record({
    letterId: fc.string({ minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom("confirmation", "manage link", "contact", "farewell", "quarantine"),
    cause: fc.constantFrom("anybody", "own link"),
    isProven: fc.boolean(),
    after: fc.integer({ min: 0, max: 8 * 60 * MINUTE }),
  } as const);
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 60 }), fc.constantFrom(MAIL_RULES, SMS_RULES), (all, rules) => {
      let [known, now]: [Permits, number] = [NO_PERMITS, START];
      const sent: { cause: "anybody" | "own link"; at: number }[] = [];
      for (const { after, ...each } of all) {
        now += after;
        const permission = permit(known, each, rules, now);
        if (permission.outcome !== "permitted") continue;
        known = permission.next;
        sent.push({ cause: each.cause, at: now });
      }
      for (const { at, cause } of sent) {
        const within = sent.filter((other) => other.cause === cause && other.at <= at && other.at > at - PERMIT_DAY_MS);
        expect(within.length).toBeLessThanOrEqual(rules === MAIL_RULES ? 3 : 5);
      }
    }),
    { numRuns: 200 },
  );
});

test("the letters' share is never exceeded within 24 hours, and half of it is there at once", () => {
  const spacing = shareSpacing(50_000);
  let tat = Number.NEGATIVE_INFINITY;
  const taken: number[] = [];
  for (let now = START; now < START + 3 * PERMIT_DAY_MS; now += 2_000) {
    const next = Math.max(tat, now) + spacing;
    if (next > now + PERMIT_DAY_MS) continue;
    tat = next;
    taken.push(now);
  }
  const most = Math.max(
    ...taken.map((at, index) => {
      const first = taken.findIndex((other) => other > at - PERMIT_DAY_MS);
      return index - first + 1;
    }),
  );
  expect(most).toBeLessThanOrEqual(50_000 * LETTERS_SHARE);
  expect(most).toBeGreaterThan(50_000 * LETTERS_SHARE * 0.95);
  expect(shareSpacing(4)).toBe(Number.POSITIVE_INFINITY);
});
