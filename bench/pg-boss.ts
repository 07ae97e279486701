import { PgBoss } from "pg-boss";
import * as z from "zod";
import { inLanes, timed } from "./measurement.ts";
import { type Postgres, startPostgres } from "./postgres.ts";

const QUEUE = "webhooks";
const INSERTED_AT_ONCE = 1_000;

const jobSchema = z.object({ endpoint: z.string() });

/** Sends webhooks as jobs of pg-boss, the peer of our field that keeps its jobs in PostgreSQL. */
export interface PgBossSender {
  /** Webhooks a second, from the first job fetched to the last completed. The jobs are put in beforehand. */
  send(endpoints: readonly string[], post: (endpoint: string) => Promise<void>): Promise<number>;
  stop(): Promise<void>;
}

/**
 * `lanes` at once fetch `batch` jobs in one query, send them together and complete them in one query. Its
 * own workers wait between polls; these do not. Null where no PostgreSQL is found.
 */
export async function startPgBoss(lanes: number, batch: number): Promise<PgBossSender | null> {
  const postgres: Postgres | null = await startPostgres();
  if (postgres === null) return null;
  const boss = new PgBoss({ connectionString: postgres.url, max: lanes });
  boss.on("error", (error) => console.error(error));
  try {
    await boss.start();
    await boss.createQueue(QUEUE, { retryLimit: 9, retryBackoff: true });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    async send(endpoints, post) {
      for (let first = 0; first < endpoints.length; first += INSERTED_AT_ONCE) {
        const part = endpoints.slice(first, first + INSERTED_AT_ONCE);
        await boss.insert(
          QUEUE,
          part.map((endpoint) => ({ data: { endpoint } })),
        );
      }
      let sent = 0;
      const took = await timed(() =>
        inLanes(lanes, Array(lanes).keys(), async () => {
          for (;;) {
            const jobs = await boss.fetch(QUEUE, { batchSize: batch });
            if (jobs.length === 0) return;
            await Promise.all(jobs.map(({ data }) => post(jobSchema.parse(data).endpoint)));
            await boss.complete(
              QUEUE,
              jobs.map(({ id }) => id),
            );
            sent += jobs.length;
          }
        }),
      );
      if (sent !== endpoints.length) throw new Error(`${sent} of ${endpoints.length} jobs were sent`);
      return (sent / took) * 1_000;
    },
    async stop() {
      await boss.stop({ graceful: false });
      await postgres.stop();
    },
  };
}
