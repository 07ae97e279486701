import { Worker } from "node:worker_threads";
import type { Activity } from "./activity.ts";
import { oneLine } from "./failure.ts";
import type { FunctionLog } from "./function-log.ts";
import { fromWorkerSchema, type Invocation, type WorkerData } from "./worker-protocol.ts";

export interface LocalFunctionProps extends WorkerData {
  environment: Record<string, string>;
}

interface Pending {
  resolve(result: unknown): void;
  reject(reason: FunctionFailure): void;
  timer: NodeJS.Timeout;
}

/** The handler threw, timed out, or its worker ended: what Lambda calls a function error. */
export class FunctionFailure extends Error {
  override name = "FunctionFailure";
}

/**
 * Lambda's own number, unless the function's EventInvokeConfig names another. A rule's `retryAttempts` is about
 * reaching Lambda, not about this.
 */
const LAMBDA_ASYNC_RETRIES = 2;

/** How long a worker is kept without an invocation: some forty megabytes each. Lambda keeps a sandbox for minutes. */
const KEPT_IDLE_MS = 30_000;

const WORKER = new URL("./function-worker.ts", import.meta.url);

/**
 * One Lambda function on a worker thread with an environment of its own. It answers many invocations at once, whereas
 * on Lambda each has a sandbox. So they share a module's state here, as successive invocations do there.
 */
export class LocalFunction {
  readonly name: string;
  /** How often a failed asynchronous invocation is run again. */
  asyncRetries = LAMBDA_ASYNC_RETRIES;
  readonly #props: LocalFunctionProps;
  readonly #log: FunctionLog;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #ready: Promise<void> | null = null;
  readonly #activity: Activity;
  #keptIdleMs: number;
  #lastId = 0;
  #running = 0;
  #idle: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(props: LocalFunctionProps, log: FunctionLog, activity: Activity, keptIdleMs = KEPT_IDLE_MS) {
    this.name = props.functionName;
    this.#props = props;
    this.#log = log;
    this.#activity = activity;
    this.#keptIdleMs = keptIdleMs;
  }

  /** Whether its bundle is loaded, or just being loaded. */
  get isLoaded(): boolean {
    return this.#ready !== null;
  }

  /** Loads the bundle. Rejects with what broke: a missing variable, an import that throws. */
  async ready(): Promise<void> {
    this.#ready ??= this.#start();
    await this.#ready;
    this.#waitForUse();
  }

  /** Rejects with FunctionFailure. The result is the handler's JSON, parsed. */
  async invoke(payload: unknown): Promise<unknown> {
    if (this.#stopped) throw new FunctionFailure("the stack is stopping");
    this.#running += 1;
    this.#activity.begin();
    try {
      return await this.#run(payload);
    } finally {
      this.#running -= 1;
      this.#activity.end();
      this.#waitForUse();
    }
  }

  async #run(payload: unknown): Promise<unknown> {
    try {
      await this.ready();
    } catch (error) {
      throw new FunctionFailure(`did not load: ${oneLine(error)}`);
    }
    const worker = this.#worker;
    if (worker === null) throw new FunctionFailure("ended before it was invoked");
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const timer = setTimeout(() => this.#timeOut(id), this.#props.timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      worker.postMessage({ id, payload: JSON.stringify(payload) } satisfies Invocation);
    });
  }

  /** Keeps its worker: a function that is invoked every minute would otherwise be loaded every minute. */
  keepLoaded(): void {
    this.#keptIdleMs = Number.POSITIVE_INFINITY;
    this.#waitForUse();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#idle !== null) clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  #start(): Promise<void> {
    const { environment, ...workerData } = this.#props;
    const worker = new Worker(WORKER, {
      workerData,
      env: environment,
      stdout: true,
      stderr: true,
      name: this.name,
    });
    this.#worker = worker;
    worker.stdout.setEncoding("utf8").on("data", (text: string) => this.#log.output(this.name, "stdout", text));
    worker.stderr.setEncoding("utf8").on("data", (text: string) => this.#log.output(this.name, "stderr", text));
    return new Promise((resolve, reject) => {
      let broke: unknown = null;
      worker.on("message", (data: unknown) => {
        const message = fromWorkerSchema.parse(data);
        if (message.kind === "ready") return resolve();
        const pending = this.#take(message.id);
        if (message.kind === "answered") return pending?.resolve(JSON.parse(message.result));
        this.#log.problem(this.name, `${message.name}: ${message.message}`.split("\n", 1).join(), message.stack);
        pending?.reject(new FunctionFailure(message.message));
      });
      worker.on("error", (error) => {
        broke = error;
      });
      worker.on("exit", () => {
        // A new worker may already be in place: one that timed out ends later.
        if (this.#worker === worker) this.#forgetWorker(broke === null ? "ended" : `crashed: ${oneLine(broke)}`);
        reject(broke ?? new Error("ended while loading"));
      });
    });
  }

  /** Ends the worker once nothing has invoked it for a while; the next invocation starts another. */
  #waitForUse(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#stopped || this.#running > 0 || this.#keptIdleMs === Number.POSITIVE_INFINITY) return;
    this.#idle = setTimeout(() => {
      if (this.#running > 0) return;
      const worker = this.#worker;
      this.#worker = null;
      this.#ready = null;
      void worker?.terminate();
    }, this.#keptIdleMs);
    this.#idle.unref();
  }

  #timeOut(id: number): void {
    const worker = this.#worker;
    const seconds = this.#props.timeoutMs / 1000;
    this.#log.problem(this.name, `timed out after ${seconds} s`);
    this.#take(id)?.reject(new FunctionFailure(`timed out after ${seconds} s`));
    this.#forgetWorker(`ended when another invocation timed out after ${seconds} s`);
    void worker?.terminate();
  }

  /** The next invocation starts a new one, as Lambda starts a new sandbox. */
  #forgetWorker(why: string): void {
    this.#worker = null;
    this.#ready = null;
    if (this.#pending.size > 0 && !this.#stopped) this.#log.problem(this.name, why);
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new FunctionFailure(why));
  }

  #take(id: number): Pending | null {
    const pending = this.#pending.get(id);
    if (pending === undefined) return null;
    clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }
}
