import { expect, test } from "vitest";
import { webhookWorkSchema } from "../../../functions/core/queued-work.ts";
import { readSendWork } from "../../../functions/send-chunk/read-send-work.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";

const [pageId, subscriberId] = ["page00000001", "subscriber01"];
const common = {
  pageId,
  seq: 1,
  state: "planned",
  committedAt: 1,
  plannedAt: 1,
  plan: { email: 0, sms: 0, webhook: 1 },
} as const;

const ledger = memoryLedger();
const incident = { kind: "incident", id: "incident0001" } as const;
const component = { kind: "component", id: "component001" } as const;
ledger.putNotice({ kind: "update", ...common, subject: incident, updateId: "update000001" });
const change = { id: component.id, name: "API", oldStatus: "operational", newStatus: "major_outage" } as const;
ledger.putNotice({ kind: "component change", ...common, subject: component, updateId: "change000001", change });

const read = (work: object) => readSendWork(webhookWorkSchema, JSON.stringify(work), { ledger });
const NOTHING = { ledger: { getNotice: () => Promise.reject(new Error("the table was asked")) } };

const ref = { pageId, seq: 1, channel: "webhook", chunk: 0 };
const chunk = { kind: "chunk", ...ref, of: 1, resend: 0 };
const retry = { kind: "retry", ...ref, subscriberId, attempts: 2, queuedAt: 5 };

test.each([chunk, retry])("a $kind that the version before queued is about what its notice is about", async (work) => {
  for (const { subject, updateId } of [
    { subject: incident, updateId: "update000001" },
    { subject: component, updateId: "change000001" },
  ]) {
    expect(await read({ ...work, incidentId: subject.id, updateId })).toEqual({ ...work, subject, updateId });
  }
});

test("one that has no notice any more throws", async () => {
  const orphan = { ...chunk, incidentId: "incident0002", updateId: "update000002" };
  await expect(read(orphan)).rejects.toThrow("update000002 is in a queue");
});

test("work that names its subject costs no read, and neither does what is not ours", async () => {
  const present = { ...chunk, subject: component, updateId: "change000001" };
  const body = JSON.stringify(present);
  expect(await readSendWork(webhookWorkSchema, body, NOTHING)).toEqual(present);
  await expect(readSendWork(webhookWorkSchema, '{"kind":"chunk"}', NOTHING)).rejects.not.toThrow("the table");
});
