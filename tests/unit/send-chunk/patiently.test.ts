import { expect, it } from "vitest";
import { unpaced } from "../../../functions/send-chunk/pace.ts";
import { patiently } from "../../../functions/send-chunk/patiently.ts";
import { TableBusyError } from "../../../functions/store/busy.ts";

function at(start: number) {
  let now = start;
  const clock = () => now;
  const pace = unpaced(clock, async (milliseconds) => {
    now += milliseconds;
  });
  return { clock, deps: { clock, pace, jitter: () => 0.5 } };
}

it("writes what came of sends again while the table is busy, and not for longer than the lease lasts", async () => {
  const { clock, deps } = at(0);
  let tries = 0;
  const saved = await patiently(
    async () => {
      tries += 1;
      if (tries <= 12) throw new TableBusyError("throttled");
      return "saved";
    },
    65_000,
    deps,
  );
  expect(saved).toBe("saved");
  expect(clock()).toBeLessThan(30_000);

  const { clock: later, deps: lasting } = at(0);
  const never = patiently(() => Promise.reject(new TableBusyError("throttled")), 65_000, lasting);
  await expect(never).rejects.toThrow("throttled");
  expect(later()).toBeGreaterThan(60_000);
  expect(later()).toBeLessThan(65_000);
});

it("throws what is no matter of time at once", async () => {
  const { clock, deps } = at(0);
  await expect(patiently(() => Promise.reject(new Error("denied")), 65_000, deps)).rejects.toThrow("denied");
  expect(clock()).toBe(0);
});
