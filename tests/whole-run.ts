import type { Reporter, TestCase, TestModule } from "vitest/node";

/** For all of it, on the slowest machine with the most else to do. */
const ENDS_WITHIN_MINUTES = 90;

/** Ends a run that does not end, naming what still ran; and says in a line each what was not run, and how long it took. */
export default class WholeRun implements Reporter {
  readonly #running = new Map<string, string>();
  #began = performance.now();
  #limit: NodeJS.Timeout | null = null;

  onTestRunStart(): void {
    this.#began = performance.now();
    this.#limit = setTimeout(() => this.#giveUp(), ENDS_WITHIN_MINUTES * 60_000);
    this.#limit.unref();
  }

  onTestModuleStart({ moduleId, relativeModuleId }: TestModule): void {
    this.#running.set(moduleId, relativeModuleId);
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    this.#running.delete(moduleId);
  }

  onTestCaseReady({ id, fullName }: TestCase): void {
    this.#running.set(id, fullName);
  }

  onTestCaseResult({ id }: TestCase): void {
    this.#running.delete(id);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#limit !== null) clearTimeout(this.#limit);
    for (const line of notRun(modules)) console.log(line);
    console.log(`The whole run took ${Math.round((performance.now() - this.#began) / 1_000)} s.`);
  }

  #giveUp(): void {
    console.error(`Not at its end after ${ENDS_WITHIN_MINUTES} minutes. Still running:`);
    for (const name of this.#running.values()) console.error(`  ${name}`);
    // The workers end with this process, and what they started with them.
    process.exit(1);
  }
}

/** One line for each reason, however many tests it keeps from running. */
function notRun(modules: readonly TestModule[]): string[] {
  const counts = new Map<string, number>();
  for (const module of modules) {
    for (const test of module.children.allTests("skipped")) {
      const result = test.result();
      const why = (result.state === "skipped" ? result.note : undefined) ?? module.relativeModuleId;
      counts.set(why, (counts.get(why) ?? 0) + 1);
    }
  }
  return [...counts].map(([why, count]) => `Not run (${count}): ${why}`);
}
