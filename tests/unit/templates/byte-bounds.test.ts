import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Component } from "../../../functions/core/component.ts";
import type { Update } from "../../../functions/core/incident.ts";
import { splice } from "../../../functions/core/rendering.ts";
import { CHAT_FORMATS } from "../../../functions/core/subscriber.ts";
import { composeUpdateChat } from "../../../functions/templates/chat/update-chat.ts";
import { cutToCost } from "../../../functions/templates/cut-to-bytes.ts";
import { composeUpdateEmail } from "../../../functions/templates/email/update-email.tsx";
import { costOf, WEBHOOK_LIMIT_BYTES } from "../../../functions/templates/statuspage/bounded-webhook.ts";
import {
  composeUpdateTopicJson,
  composeUpdateWebhook,
} from "../../../functions/templates/statuspage/update-webhook.ts";
import type { UpdateSource } from "../../../functions/templates/update-source.ts";
import { seedSource } from "../../fixtures/template-sources.ts";

const EXAMPLE = { sender: "status@example.com", address: "reader@example.com", unsubscribe_token: "t".repeat(64) };
/** Scripts of one to four bytes a character, marks that combine, what JSON escapes, and Markdown. */
const script = fc.constantFrom(
  "a ",
  "ж",
  "語",
  "🚨",
  "👩‍👩‍👧",
  "e\u0301\u0323",
  '"',
  "\\",
  "\n",
  "a\n",
  "**b** ",
  "[a](https://e.example/x) ",
  "| ",
);
const text = (limit: number) =>
  fc
    .tuple(script, fc.integer({ min: 1, max: limit }))
    .map(([piece, length]) => [...piece.repeat(length)].slice(0, length).join(""));
const line = text(255).map((name) => name.replace(/\n/g, " "));

/** The seed's incident with so many updates and components of these texts. */
function sourceOf(given: {
  body: string;
  name: string;
  description: string;
  updates: number;
  components: number;
}): UpdateSource {
  const seed = seedSource(1);
  const at = seed.update.createdAt;
  const components = Array.from(
    { length: given.components },
    (_, index): Component => ({
      id: `component${String(index).padStart(3, "0")}`,
      name: given.name,
      description: given.description,
      status: "major_outage",
      position: index + 1,
      groupId: null,
      showcase: true,
      onlyShowIfDegraded: false,
      startDate: null,
      createdAt: at,
      updatedAt: at,
    }),
  );
  const affected = components.map(({ id, name }) => ({
    id,
    name,
    oldStatus: "operational" as const,
    newStatus: "major_outage" as const,
  }));
  const updates = Array.from(
    { length: given.updates },
    (_, index): Update => ({
      ...seed.update,
      id: `update${String(index + 1).padStart(6, "0")}`,
      seq: index + 1,
      body: given.body,
      affectedComponents: affected,
      incidentName: given.name,
    }),
  );
  const update = updates.at(-1) ?? seed.update;
  return {
    ...seed,
    catalog: { version: 1, groups: [], components },
    incident: {
      ...seed.incident,
      name: given.name,
      affected: Object.fromEntries(components.map(({ id }) => [id, "major_outage" as const])),
    },
    updates,
    update,
  };
}

const anything = fc.record({
  body: text(25_000),
  name: line,
  description: text(2_000),
  updates: fc.constantFrom(1, 2, 13, 40),
  components: fc.constantFrom(0, 1, 60, 500),
});

describe("whatever is posted", () => {
  it("a webhook's body and the topic's keep their shape and fit, the newest update first", () => {
    fc.assert(
      fc.property(anything, (given) => {
        const source = { ...sourceOf(given), generatedAt: 0 };
        const topic: { incident: { incident_updates: { id: string }[] } } = JSON.parse(composeUpdateTopicJson(source));
        expect(costOf(topic)).toBeLessThanOrEqual(WEBHOOK_LIMIT_BYTES);
        expect(topic.incident.incident_updates[0]?.id).toBe(source.update.id);
        const posted = splice(composeUpdateWebhook(source), EXAMPLE);
        expect(posted.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(posted)).toBeLessThan(WEBHOOK_LIMIT_BYTES + 200);
        expect(Object.keys(JSON.parse(posted).incident)).toEqual(Object.keys(topic.incident));
      }),
      { numRuns: 40 },
    );
  });

  it("a post fits its chat", () => {
    const most = { slack: 40_000, discord: 30_000, teams: 20_000 };
    fc.assert(
      fc.property(anything, (given) => {
        const source = sourceOf({ ...given, updates: 1 });
        for (const format of CHAT_FORMATS) {
          const post = splice(composeUpdateChat(format, source), EXAMPLE);
          expect(post.isWellFormed()).toBe(true);
          expect(Buffer.byteLength(post)).toBeLessThanOrEqual(most[format]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a mail stays below what Gmail clips", async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (given) => {
        const mail = splice(await composeUpdateEmail(sourceOf(given)), EXAMPLE);
        expect(mail.length).toBeLessThan(60_000);
      }),
      { numRuns: 25 },
    );
  });

  it("a text is cut to what it may cost, and never within a character", () => {
    const bytes = (value: string) => Buffer.byteLength(value);
    fc.assert(
      fc.property(text(3_000), fc.integer({ min: 10, max: 9_000 }), (given, limit) => {
        const cut = cutToCost(given, limit, bytes);
        expect(bytes(cut)).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
        if (bytes(given) <= limit) expect(cut).toBe(given);
        else expect(given.startsWith(cut.replace(/\s*…$/, ""))).toBe(true);
      }),
    );
  });
});
