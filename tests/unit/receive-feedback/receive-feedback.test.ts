import { describe, expect, it } from "vitest";
import { NO_COUNTS, resend } from "../../../functions/core/delivery.ts";
import type { EmailSubscriber } from "../../../functions/core/subscriber.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";
import { receiveFeedback } from "../../../functions/receive-feedback/receive-feedback.ts";
import { aChunkKey, aDelivery, claimed, counted, only, progressOf, retrying } from "../../contract/ledger-subject.ts";
import { anId, aSubscriber, NOW } from "../../contract/samples.ts";
import { memoryLedger } from "../../fakes/memory-ledger.ts";
import { memorySubscriberStore } from "../../fakes/memory-subscriber-store.ts";
import { bounceReport, complaintReport } from "../../fixtures/ses-reports.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MAIL = "provider-1";
const PERMANENT = { type: "Permanent", subtype: "General" };
const FULL = { type: "Transient", subtype: "MailboxFull" };

/** A subscriber who was sent an update at NOW + 200, and what then came back. */
async function world(overrides: Partial<EmailSubscriber> = {}) {
  const subscribers = memorySubscriberStore();
  const ledger = memoryLedger();
  const key = aChunkKey();
  const subscriber = aSubscriber(key.pageId, overrides);
  await subscribers.create(subscriber);
  const delivery = aDelivery(key, { subscriberId: subscriber.id, providerId: MAIL });
  let now = NOW + 1_000;
  const deps = {
    subscribers,
    ledger,
    clock: () => now,
    log: createLogger({}, { info() {}, warn() {}, error() {} }),
  };
  const mail = {
    page: key.pageId,
    subscriber: subscriber.id,
    incident: key.subject.id,
    seq: key.seq,
    to: subscriber.email,
    messageId: MAIL,
    sentAt: NOW + 200,
  };
  return {
    deps,
    ledger,
    subscribers,
    key,
    delivery,
    mail,
    /** Receives it at the time that it tells. */
    async receive(body: (at: number) => string, at = NOW + 1_000) {
      now = Math.max(now, at);
      await receiveFeedback(body(at), deps);
    },
    present: () => subscribers.get(key.pageId, "email", subscriber.id),
    async record() {
      const [found] = await ledger.getDeliveries(key.pageId, key.subject, key.seq, [subscriber.id]);
      return found;
    },
    later(ms: number) {
      now += ms;
    },
  };
}

describe("a permanent bounce", () => {
  it("quarantines the subscriber, and the delivery has failed after all", async () => {
    const { ledger, key, delivery, mail, receive, present, record } = await world();
    await counted(ledger, key, [delivery, aDelivery(key)]);
    for (let time = 1; time <= 3; time += 1) await receive((at) => bounceReport(mail, at, PERMANENT));
    expect(await present()).toMatchObject({
      state: "quarantined",
      quarantinedAt: NOW + 1_000,
      quarantineReason: "bounce",
    });
    expect(await record()).toEqual({
      ...delivery,
      state: "failed",
      reason: "bounced: General",
      updatedAt: NOW + 1_000,
    });
    expect((await only(ledger, key)).counts).toEqual({ ...NO_COUNTS, accepted: 1, failed: 1 });
    const { items } = await ledger.listProblems(key.pageId, key.updateId, 10, null);
    expect(items).toMatchObject([{ reason: "bounced: General" }]);
  });

  it("on a suppression list quarantines too, and one of a letter touches no delivery", async () => {
    const { ledger, key, delivery, mail, receive, present, record } = await world();
    await counted(ledger, key, [delivery]);
    const { incident: _, seq: __, ...letter } = mail;
    await receive((at) => bounceReport(letter, at, { type: "Permanent", subtype: "OnAccountSuppressionList" }));
    expect(await present()).toMatchObject({ state: "quarantined", quarantineReason: "bounce" });
    expect(await record()).toEqual(delivery);
  });

  it("does not outlast an operator who reactivated the subscriber, however late it comes again", async () => {
    const { ledger, key, delivery, mail, receive, present, subscribers, later, deps } = await world();
    await counted(ledger, key, [delivery]);
    const body = bounceReport(mail, NOW + 1_000, PERMANENT);
    await receive(() => body);
    later(MINUTE);
    await subscribers.changeState(
      key.pageId,
      "email",
      mail.subscriber,
      { from: ["quarantined"], to: "active" },
      deps.clock(),
    );
    await receive(() => body);
    expect(await present()).toMatchObject({ state: "active", quarantinedAt: null });
  });

  it("of somebody else's address leaves the one who has the id now", async () => {
    const { ledger, key, delivery, mail, receive, present } = await world();
    await counted(ledger, key, [delivery]);
    await receive((at) => bounceReport({ ...mail, to: "old@example.com" }, at, PERMANENT));
    expect(await present()).toMatchObject({ state: "active" });
  });

  it("holds when somebody changes the subscriber at the same moment", async () => {
    const { ledger, key, delivery, mail, present, deps, subscribers } = await world();
    await counted(ledger, key, [delivery]);
    let meddle = true;
    const racing: typeof deps.subscribers = {
      ...subscribers,
      async get(...parameters) {
        const found = await subscribers.get(...parameters);
        if (meddle) {
          await subscribers.saveScopes(
            key.pageId,
            "email",
            mail.subscriber,
            { page: false, components: [], incidents: [] },
            NOW + 9,
          );
        }
        meddle = false;
        return found;
      },
    };
    await receiveFeedback(bounceReport(mail, NOW + 1_000, PERMANENT), { ...deps, subscribers: racing });
    expect(await present()).toMatchObject({ state: "quarantined", scopes: { page: false } });
  });
});

describe("a complaint", () => {
  it("quarantines; its mail arrived, so it stays accepted when and as it was", async () => {
    const { ledger, key, delivery, mail, receive, present, record } = await world();
    await counted(ledger, key, [delivery]);
    for (let time = 1; time <= 2; time += 1) await receive((at) => complaintReport(mail, at));
    expect(await present()).toMatchObject({ state: "quarantined", quarantineReason: "complaint" });
    expect(await record()).toEqual({ ...delivery, reason: "complaint" });
    expect((await only(ledger, key)).counts).toEqual({ ...NO_COUNTS, accepted: 1 });
  });

  it("of somebody who has left meanwhile is remembered, and they stay away", async () => {
    const left = { state: "unsubscribed", unsubscribedAt: NOW + 500, updatedAt: NOW + 500 } as const;
    const { ledger, key, delivery, mail, receive, present } = await world(left);
    await counted(ledger, key, [delivery]);
    for (let time = 1; time <= 2; time += 1) await receive((at) => complaintReport(mail, at));
    expect(await present()).toMatchObject({ ...left, quarantineReason: "complaint", updatedAt: NOW + 1_000 });
  });

  it("of an earlier mail that made SES keep this one back: it has failed", async () => {
    const { ledger, key, delivery, mail, receive, record } = await world();
    await counted(ledger, key, [delivery]);
    await receive((at) => complaintReport(mail, at, { complaintSubType: "OnAccountSuppressionList" }));
    expect(await record()).toMatchObject({ state: "failed", reason: "complained before" });
  });
});

describe("a bounce that may pass", () => {
  it("fails its delivery and leaves the subscriber active", async () => {
    const { ledger, key, delivery, mail, receive, present, record } = await world();
    await counted(ledger, key, [delivery]);
    for (let time = 1; time <= 3; time += 1) await receive((at) => bounceReport(mail, at, FULL));
    expect(await record()).toMatchObject({ state: "failed", reason: "bounced: MailboxFull" });
    expect(await present()).toMatchObject({ state: "active", transientBounces: { days: 1 } });
  });

  const FIRST = NOW + MINUTE;
  const onFiveDays = async (bounced: Awaited<ReturnType<typeof world>>) => {
    const { incident: _, seq: __, ...letter } = bounced.mail;
    for (let day = 0; day < 5; day += 1)
      await bounced.receive((at) => bounceReport(letter, at, FULL), FIRST + day * DAY);
  };

  it("on five days in a row quarantines", async () => {
    const bounced = await world();
    await onFiveDays(bounced);
    expect(await bounced.present()).toMatchObject({ state: "quarantined", quarantineReason: "bounce" });
  });

  it("does not, if a mail arrived in between", async () => {
    const bounced = await world();
    const { ledger, mail } = bounced;
    const arrived = aDelivery(aChunkKey({ pageId: mail.page }), {
      subscriberId: mail.subscriber,
      updatedAt: FIRST + DAY,
    });
    await ledger.recordDeliveries([arrived]);
    await onFiveDays(bounced);
    const fifth = FIRST + 4 * DAY;
    expect(await bounced.present()).toMatchObject({
      state: "active",
      transientBounces: { days: 1, since: fifth, lastAt: fifth },
    });
  });

  it("does, if what was accepted in between may still come back", async () => {
    const bounced = await world();
    const { ledger, mail } = bounced;
    const fresh = { subscriberId: mail.subscriber, updatedAt: FIRST + 4 * DAY - MINUTE };
    await ledger.recordDeliveries([aDelivery(aChunkKey({ pageId: mail.page }), fresh)]);
    await onFiveDays(bounced);
    expect(await bounced.present()).toMatchObject({ state: "quarantined" });
  });
});

describe("the record", () => {
  it("is waited for while the sender may write it, and the subscriber is quarantined meanwhile", async () => {
    const { ledger, key, delivery, mail, receive, present, record } = await world();
    const report = (at: number) => bounceReport(mail, at, PERMANENT);
    await expect(receive(report)).rejects.toThrow("not in the ledger yet");
    expect(await present()).toMatchObject({ state: "quarantined" });
    const { attempt } = await claimed(ledger, key);
    await ledger.openWindow(key, attempt, [mail.subscriber], []);
    await ledger.recordDeliveries([delivery]);
    await expect(receive(report)).rejects.toThrow("not counted yet");
    await ledger.closeWindow(key, attempt, progressOf([delivery]), null);
    await receive(report);
    expect(await record()).toMatchObject({ state: "failed" });
  });

  it("is given up after a quarter of an hour: the sender died, and sends another mail", async () => {
    const { mail, receive } = await world();
    const late = receive((at) => bounceReport(mail, at, PERMANENT), mail.sentAt + 15 * MINUTE + 1);
    await expect(late).resolves.toBeUndefined();
  });

  it("of a delivery that is being sent is waited for", async () => {
    const { ledger, delivery, mail, receive } = await world();
    const sending = { ...delivery, state: "sending" as const, providerId: null, leaseUntil: NOW + MINUTE };
    await ledger.recordDeliveries([sending]);
    await expect(receive((at) => bounceReport(mail, at, PERMANENT))).rejects.toThrow("not in the ledger yet");
  });

  it("of another mail is left alone: sent again by an operator, or since its outcome was unknown", async () => {
    const due = resend(aDelivery(aChunkKey(), { providerId: MAIL }), NOW + 500, "operator");
    if (due === null) throw new Error("it had ended");
    for (const changes of [{ providerId: "provider-2" }, due, retrying(aChunkKey())]) {
      const { ledger, key, delivery, mail, receive, record } = await world();
      const { pageId, subscriberId, subject, updateId, seq, chunk } = delivery;
      const present = { ...delivery, ...changes, pageId, subscriberId, subject, updateId, seq, chunk };
      await counted(ledger, key, [present]);
      await receive((at) => bounceReport(mail, at, PERMANENT));
      expect(await record()).toEqual(present);
    }
  });

  it("of nobody we know does no harm", async () => {
    const { mail, receive } = await world();
    const stranger = { ...mail, subscriber: anId(), incident: anId(), sentAt: NOW - DAY };
    await expect(receive((at) => complaintReport(stranger, at))).resolves.toBeUndefined();
  });
});
