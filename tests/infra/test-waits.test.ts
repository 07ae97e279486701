import { describe, expect, it } from "vitest";
import { sourceFiles } from "./source.ts";

/** What makes a test fail on a machine that is slower, or has more else to do, than the one it was written on. */
const BY_THE_CLOCK: Record<string, RegExp> = {
  "a limit in its options": /\b(?:timeout|testTimeout|hookTimeout|interruptAfterTimeLimit):\s*[1-9A-Z]/,
  "a limit as its last argument": /^\s*\},\s*(?:\{\s*timeout|[1-9][\d_]*\s*\)|[A-Z_]*MS\b)/m,
  "a wait with a limit": /\bexpect\.poll\b|\bvi\.wait(?:For|Until)\b|\bwaitForTimeout\b|\bAbortSignal\.timeout\b/,
  "a deadline": /\b(?:Date|performance)\.now\(\)\s*[<>]|[<>]=?\s*(?:Date|performance)\.now\(\)/,
  "a measured time": /\btoBeLessThan(?:OrEqual)?\([^)]*(?:SLACK|WITHIN)/,
};
/** What fails a run although every test passed. */
const IN_CLEAN_UP: Record<string, RegExp> = {
  "a folder that fixtures/clean-up.ts does not remove": /\bmkdtemp(?:Sync)?\(/,
  "a removal that may fail": /\bafter(?:All|Each)\([^;]*\brm(?:Sync)?\(/,
};

/** fixtures/clean-up.ts itself, what unpacks into folders that stay, and what is no test. */
const MAKES_FOLDERS = [
  "tests/fixtures/clean-up.ts",
  "tests/fixtures/chromium.ts",
  "tests/e2e/rendered-pictures.ts",
  "tests/e2e/shots.ts",
];

const files = sourceFiles("tests/**/*.{ts,tsx}").filter(({ path }) => path !== "tests/infra/test-waits.test.ts");

const found = (text: string, patterns: Record<string, RegExp>) =>
  Object.entries(patterns).flatMap(([what, pattern]) => (pattern.test(text) ? [what] : []));

describe("no test goes by the clock, and no clean-up fails a run", () => {
  it.each(files.map(({ path, text }) => [path, text]))("%s", (path, text) => {
    const made = MAKES_FOLDERS.includes(path) ? [] : found(text, IN_CLEAN_UP);
    expect([...found(text, BY_THE_CLOCK), ...made]).toEqual([]);
  });

  it.each([
    'it("x", { timeout: 60_000 }, async () => {});',
    "  { seed, interruptAfterTimeLimit: BUDGET_MS },",
    "test(1, async () => {\n  }, 120_000);",
    "await expect.poll(() => sockets.size, { timeout: 9 }).toBe(0);",
    "while (received < all && Date.now() < began + PATIENCE) await sleep(1);",
    "if (Date.now() > until) throw new Error();",
    "expect(ms).toBeLessThan(within + SLACK_MS);",
    "afterAll(() => rm(folder, { recursive: true }));",
    "afterAll(async () => {\n  await rm(folder);\n});",
  ])("is found out: %j", (text) => {
    expect(found(text, { ...BY_THE_CLOCK, ...IN_CLEAN_UP })).not.toEqual([]);
  });
});
