/** One line of the table: what was measured, against which goal. */
export interface Finding {
  what: string;
  /** With its unit, as printed. */
  result: string;
  goal: string | null;
  /** null: nothing is demanded of it. */
  met: boolean | null;
}

export interface BenchResult {
  findings: Finding[];
  /** All that was measured, as numbers. */
  details: unknown;
}

export interface BenchOptions {
  /** Posted updates of `commit-to-sent`. */
  updates: number;
  /** Webhook subscribers of `whole-stack`. */
  webhooks: number;
  /** Length of `send-rate`'s steady run. */
  seconds: number;
  /** Sends a second that `send-rate` is given. */
  rate: number;
  /** Minutes that `idle-stack` looks at. */
  idleMinutes: number;
  progress(line: string): void;
}

export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** The value below which that part of them lies (nearest rank). */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function rounded(value: number, digits = 0): number {
  return Number(value.toFixed(digits));
}

export interface Compared {
  ours: number[];
  limit: number[];
  /** Median of the rounds' own ratios of ours to the limit: what slows the machine down for a while slows both. */
  ratio: number;
}

/** Measures a thing and its limit by turns, after one round of each that does not count. */
export async function compare(
  rounds: number,
  ours: () => Promise<number> | number,
  limit: () => Promise<number> | number,
  progress: (line: string) => void = () => {},
): Promise<Compared> {
  await ours();
  await limit();
  const all: Compared = { ours: [], limit: [], ratio: Number.NaN };
  for (let round = 1; round <= rounds; round += 1) {
    const mine = await ours();
    const theirs = await limit();
    all.ours.push(mine);
    all.limit.push(theirs);
    progress(`round ${round} of ${rounds}: ${rounded(mine, 2)} against ${rounded(theirs, 2)}`);
  }
  all.ratio = median(all.ours.map((value, round) => value / (all.limit[round] ?? Number.NaN)));
  return all;
}

/** Wall-clock milliseconds of a run. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

/** Goes through `items` with so many at once. */
export async function inLanes<T>(lanes: number, items: Iterable<T>, run: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await run(next.value);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
