import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { SESClient, SendRawEmailCommand } from "@aws-sdk/client-ses";
import * as z from "zod";
import { splice } from "../functions/core/rendering.ts";
import { sdkLogger } from "../functions/lambda/sdk-logger.ts";
import { sesMail } from "../functions/providers/mail.ts";
import { emailSender } from "../functions/send-email/email-sender.ts";
import { memoryAccessStore } from "../tests/fakes/memory-access-store.ts";
import { memoryLedger } from "../tests/fakes/memory-ledger.ts";
import { renderedText } from "../tests/fixtures/rendered-text.ts";
import { type Bench, compare, inLanes, median, rounded } from "./measurement.ts";
import { emailSubscriber, openedIncident, updateOf, updateRefOf } from "./scene.ts";

const EMAILS = 1_000;
const IN_FLIGHT = 25;
const ROUNDS = 5;
const MOST = 1.25;
const FROM = "status@example.com";

/** SES's answer to SendRawEmail, on a thread of its own: only the sender's processor time counts. */
const PROVIDER = `
const { createServer } = require("node:http");
const { parentPort } = require("node:worker_threads");
const answer = "<SendRawEmailResponse><SendRawEmailResult><MessageId>m</MessageId></SendRawEmailResult></SendRawEmailResponse>";
const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "text/xml" }).end(answer));
});
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;

/** Processor time of one email: the email sender's attempt against a bare call with the bytes ready. */
export const bench: Bench = async ({ progress }) => {
  const provider = new Worker(PROVIDER, { eval: true });
  try {
    const port = z.number().parse((await once(provider, "message"))[0]);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SES: `http://127.0.0.1:${port}`,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "bench",
      AWS_SECRET_ACCESS_KEY: "bench",
    });
    const scene = await openedIncident();
    const update = updateOf(scene);
    const { pageId } = update;
    const ledger = memoryLedger();
    await ledger.keepRendering(
      { pageId, updateId: update.id, format: "email", locale: "en" },
      renderedText(scene.rendered, "email"),
      Date.now(),
    );
    const access = memoryAccessStore({ random: randomBytes, pages: [pageId] });
    const sender = await emailSender({ ledger, access, mail: sesMail("bench", FROM), from: FROM }).prepare(
      updateRefOf(update),
    );
    const subscribers = Array.from({ length: EMAILS }, () => emailSubscriber(pageId));
    const ours = () =>
      cpuOf(subscribers, async (subscriber) => {
        const { outcome } = await sender.send(subscriber);
        if (outcome !== "accepted") throw new Error(`an email was ${outcome}`);
      });

    const client = new SESClient({ maxAttempts: 1, logger: sdkLogger });
    const Data = Buffer.from(
      splice(renderedText(scene.rendered, "email"), {
        sender: "status@example.com",
        address: "reader@example.com",
        unsubscribe_token: "x",
      }),
    );
    const bare = () =>
      cpuOf(subscribers, () =>
        client.send(
          new SendRawEmailCommand({ Source: FROM, Destinations: ["reader@example.com"], RawMessage: { Data } }),
        ),
      );
    const compared = await compare(ROUNDS, ours, bare, progress);
    const [mine, theirs] = [median(compared.ours), median(compared.limit)];
    return {
      findings: [
        {
          what: "processor time of an email, against a bare SendRawEmail",
          result: `${rounded(mine)} and ${rounded(theirs)} µs: ${rounded(compared.ratio, 2)} x by rounds`,
          goal: `<= ${MOST}`,
          met: compared.ratio <= MOST,
        },
      ],
      details: { emails: EMAILS, bytes: Data.length, microseconds: compared },
    };
  } finally {
    await provider.terminate();
  }
};

/** Microseconds of this thread for each item. */
async function cpuOf<T>(items: readonly T[], run: (item: T) => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await inLanes(IN_FLIGHT, items, run);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / items.length;
}
