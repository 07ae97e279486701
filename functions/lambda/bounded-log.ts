const WINDOW_MS = 60_000;
const TOLD_EACH = 10;

export type BoundedLog = (kind: string, now: number, tell: (times: number) => void) => void;

/**
 * What strangers can cause must not cost a log line each time. The first ten of a kind in a minute are logged, then
 * those whose count is a power of two. So a flood of 3,000 a minute is 18 lines, and its size is known within a factor
 * of two. Kinds are few, and ours: a caller chooses nothing of them. Each Lambda instance counts for itself.
 */
export function boundedLog(): BoundedLog {
  let window = 0;
  const counts = new Map<string, number>();
  return (kind, now, tell) => {
    const current = Math.floor(now / WINDOW_MS);
    if (current !== window) counts.clear();
    window = current;
    const times = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, times);
    if (times <= TOLD_EACH || Number.isInteger(Math.log2(times))) tell(times);
  };
}
