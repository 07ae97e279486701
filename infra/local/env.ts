/** Lambda's clock is in UTC. */
export function useUtc(): void {
  process.env.TZ = "UTC";
}

/** This process was started by `npm run` or `npm start`. */
export function isNpmScript(): boolean {
  return process.env.npm_lifecycle_event !== undefined;
}

/** This process's environment, with the given variables added. */
export function environmentWith(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...given };
}
