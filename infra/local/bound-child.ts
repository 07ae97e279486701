import { type ChildProcess, spawn } from "node:child_process";

export interface BoundChildOptions {
  /** Its output goes there: a file descriptor, a pipe, or nowhere. Its input is empty. */
  output: number | "pipe" | "ignore";
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

// The first process becomes the program itself, so that its pid, its exit code and the signals sent to it are the
// program's. Before that it leaves a watcher behind, which waits for its input to end. That input is a pipe, and only
// the parent has its other end. The watcher takes a few hundred kilobytes, and is there from the program's first moment
// on.
const LAUNCH = `
exec 3<&0
(
  trap "" INT HUP TERM
  read -r _ <&3
  kill -KILL $$
) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
`;

/**
 * A program that ends with its parent, however the parent ends: even after a SIGKILL, when nobody is left to end it. A
 * native binary knows nothing about its parent. `prctl` would inform it, but no tool for that is on every machine, and
 * a shell is.
 */
export function spawnBound(command: string, args: readonly string[], options: BoundChildOptions): ChildProcess {
  const { output, ...others } = options;
  const child = spawn("/bin/sh", ["-c", LAUNCH, "sh", command, ...args], {
    ...others,
    stdio: ["pipe", output, output],
  });
  // The watcher may be gone before the pipe is closed.
  child.stdin?.on("error", () => {});
  // Otherwise it would wait for as long as this process lives, for a pid that one day belongs to somebody else.
  child.once("exit", () => child.stdin?.destroy());
  return child;
}
