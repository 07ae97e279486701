import { expect, test } from "vitest";
import {
  type ChunkWork,
  emailWorkSchema,
  type LetterWork,
  type ProbeWork,
  planningWorkSchema,
  publishWorkSchema,
  type RetryWork,
  readWork,
  type SmsLetterWork,
  smsWorkSchema,
  webhookWorkSchema,
} from "../../../functions/core/queued-work.ts";

const [pageId, subscriberId] = ["page00000000", "subscriber00"];
const ref = {
  pageId,
  subject: { kind: "incident", id: "incident0000" },
  updateId: "update000000",
  seq: 1,
  channel: "email",
  chunk: 0,
} as const;

const chunk: ChunkWork = { kind: "chunk", ...ref, of: 1, resend: 0 };
const retry: RetryWork = { kind: "retry", ...ref, subscriberId, attempts: 1 };
const letter: LetterWork = {
  kind: "letter",
  pageId,
  channel: "email",
  subscriberId,
  letterId: "letter000000",
  cause: "anybody",
  letter: { about: "nothing" },
  raw: "",
};
const smsLetter: SmsLetterWork = {
  kind: "sms letter",
  pageId,
  subscriberId,
  letterId: "letter000000",
  about: "nothing",
  cause: "anybody",
  text: "",
  endsAt: 1,
};
const probe: ProbeWork = {
  kind: "probe",
  pageId,
  channel: "webhook",
  subscriberId,
  probeId: "probe0000000",
  probe: "test",
  askedAt: 1,
  body: "{}",
  echo: null,
  tries: 0,
};
const notice = { pageId, updateId: "update000000" };
const all = [chunk, retry, letter, smsLetter, probe, notice, { ...chunk, kind: "unknown" }];

test.each([
  ["send-email", emailWorkSchema, [chunk, retry, letter]],
  ["send-sms", smsWorkSchema, [chunk, retry, smsLetter]],
  ["send-webhook", webhookWorkSchema, [chunk, retry, probe]],
  ["plan-notifications", planningWorkSchema, [notice]],
] as const)("%s reads its own work, and throws for any other", (_, schema, own) => {
  for (const work of all) {
    const read = () => readWork(schema, JSON.stringify(work));
    if (own.some((one) => one === work)) expect(read()).toEqual(work);
    else expect(read).toThrow();
  }
});

test("a page to publish is named by its id", () => {
  expect(readWork(publishWorkSchema, `{"pageId":"${pageId}"}`)).toEqual({ pageId });
  expect(() => readWork(publishWorkSchema, '{"pageId":"x"}')).toThrow();
});

test("what is no JSON is no work", () => {
  expect(() => readWork(publishWorkSchema, "not JSON")).toThrow();
});
