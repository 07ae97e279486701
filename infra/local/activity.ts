/**
 * Whether any function runs. Only functions change the tables on this machine, so nothing has to look at the tables
 * often while none runs.
 */
export class Activity {
  #running = 0;
  #wakers = new Set<() => void>();

  get running(): boolean {
    return this.#running > 0;
  }

  begin(): void {
    this.#running += 1;
    this.#wake();
  }

  end(): void {
    this.#running -= 1;
    this.#wake();
  }

  /** Resolves after so many milliseconds, or as soon as a function begins or ends; true if one did. */
  pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const over = (woken: boolean) => {
        clearTimeout(timer);
        this.#wakers.delete(waker);
        signal.removeEventListener("abort", aborted);
        resolve(woken);
      };
      const waker = () => over(true);
      const aborted = () => over(false);
      const timer = setTimeout(() => over(false), ms);
      this.#wakers.add(waker);
      signal.addEventListener("abort", aborted, { once: true });
    });
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}
