/** An invocation that died: nothing after it ran. */
export class Crash extends Error {
  override name = "Crash";
}

/** Where to die: at the n-th call (from 1) of a method, before it did anything or after it did everything. */
export interface CrashPoint {
  method: string;
  call: number;
  when: "before" | "after";
}

/** Wraps ports so that every call is a place to die. `counter` is shared by the ports of one world. */
export function crashSite() {
  let point: CrashPoint | null = null;
  let calls = 0;
  const hit = (method: string, call: number, when: CrashPoint["when"]) => {
    if (point === null || point.method !== method || point.when !== when || point.call !== call) return;
    point = null;
    throw new Crash(`${when} ${method}`);
  };
  return {
    arm(next: CrashPoint) {
      point = next;
      calls = 0;
    },
    isArmed: () => point !== null,
    guard<T extends object>(port: T): T {
      return new Proxy(port, {
        get(target, name, receiver) {
          const member: unknown = Reflect.get(target, name, receiver);
          if (typeof member !== "function") return member;
          return async (...parameters: unknown[]) => {
            const method = String(name);
            if (point?.method === method) calls += 1;
            // Calls of a window run side by side: each knows its own number.
            const call = calls;
            hit(method, call, "before");
            const result: unknown = await Reflect.apply(member, target, parameters);
            hit(method, call, "after");
            return result;
          };
        },
      });
    },
  };
}
