export interface Screen {
  /** A terminal: its last line may be overwritten. */
  isTerminal: boolean;
  write: (text: string) => void;
  /** Milliseconds. */
  clock: () => number;
}

export interface ProgressLine {
  show(done: number): void;
  /** On a terminal, leaves the line as it is and goes on below. */
  say(text: string): void;
  end(): void;
}

/** How often a line is written if none can be overwritten. */
const PLAIN_EVERY_MS = 10_000;

/**
 * Shows how far it is, how fast, and how long it will take. `already`: rows done by an earlier run. `total` null: not
 * known.
 */
export function progressLine(screen: Screen, total: number | null, already = 0): ProgressLine {
  const began = screen.clock();
  let written = began;
  let open = false;
  return {
    show(done) {
      const now = screen.clock();
      const text = lineOf(done, total, (done - already) / Math.max(0.001, (now - began) / 1_000));
      if (screen.isTerminal) {
        // Erases the rest of a longer line.
        screen.write(`\r${text}\u001b[K`);
        open = true;
      } else if (now - written >= PLAIN_EVERY_MS) {
        screen.write(`${text}\n`);
        written = now;
      }
    },
    say(text) {
      screen.write(open ? `\n${text}\n` : `${text}\n`);
      open = false;
    },
    end() {
      if (open) screen.write("\n");
      open = false;
    },
  };
}

function lineOf(done: number, total: number | null, perSecond: number): string {
  const rate = `${number(Math.round(perSecond))}/s`;
  if (total === null) return `${number(done)} rows  ${rate}`;
  const left = perSecond > 0 ? `  ${duration((total - done) / perSecond)} left` : "";
  return `${number(done)} of ${number(total)} rows  ${rate}${left}`;
}

export function number(count: number): string {
  return count.toLocaleString("en-US");
}

/** Seconds as "3 min 20 s". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
