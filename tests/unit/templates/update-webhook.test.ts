import { describe, expect, test } from "vitest";
import { z } from "zod";
import { splice } from "../../../functions/core/rendering.ts";
import {
  composeUpdateTopicJson,
  composeUpdateWebhook,
} from "../../../functions/templates/statuspage/update-webhook.ts";
import { SITE } from "../../fixtures/seed-incident.ts";
import { awkwardSource, seedSource } from "../../fixtures/template-sources.ts";

const bodySchema = z.object({
  meta: z.object({ unsubscribe: z.string().nullable() }),
  incident: z.looseObject({ name: z.string() }),
});
const TOKEN = "1.dracooncloud.w.abcdefghijkl.0123456789abcdefABCD-_";
const generatedAt = Date.parse("2025-07-07T10:59:01Z");

function parsed(text: string) {
  return bodySchema.parse(JSON.parse(text));
}

describe("the stored webhook body", () => {
  test("has one slot, for the token in the unsubscribe link", () => {
    const rendering = composeUpdateWebhook({ ...seedSource(2), generatedAt });
    expect(rendering.slots).toEqual(["unsubscribe_token"]);
    const body = parsed(splice(rendering, { sender: "status@example.com", address: "", unsubscribe_token: TOKEN }));
    expect(body.meta.unsubscribe).toBe(`${SITE.subscriptionsUrl}/unsubscribe/${TOKEN}`);
  });

  test("differs from the topic's by that link only", () => {
    const source = { ...seedSource(2), generatedAt };
    const body = parsed(
      splice(composeUpdateWebhook(source), { sender: "status@example.com", address: "", unsubscribe_token: TOKEN }),
    );
    const topic = parsed(composeUpdateTopicJson(source));
    expect(topic.meta.unsubscribe).toBeNull();
    expect(topic.incident).toEqual(body.incident);
  });

  test("is JSON whatever the names are", () => {
    const name = 'Quote " backslash \\ line\r\nend 🚨 </script>';
    const rendering = composeUpdateWebhook({ ...awkwardSource({ incident: name }), generatedAt });
    expect(
      parsed(splice(rendering, { sender: "status@example.com", address: "", unsubscribe_token: TOKEN })).incident.name,
    ).toBe(name);
  });
});
