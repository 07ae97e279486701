import { describe, expect, test } from "vitest";
import { splice } from "../../../functions/core/rendering.ts";
import type { ChangeTextSource } from "../../../functions/templates/change-source.ts";
import {
  composeChangeTopicJson,
  composeChangeWebhook,
} from "../../../functions/templates/statuspage/change-webhook.ts";
import { SITE, seedPage } from "../../fixtures/seed-incident.ts";
import { seedChange } from "../../fixtures/template-sources.ts";

const TOKEN = "1.dracooncloud.w.abcdefghijkl.0123456789abcdefABCD-_";
const sent = (from: ChangeTextSource): unknown =>
  JSON.parse(
    splice(composeChangeWebhook(from), { sender: "status@example.com", address: "", unsubscribe_token: TOKEN }),
  );

describe("the webhook body of a component change", () => {
  test("is Statuspage's, key for key", () => {
    const { component } = seedChange();
    expect(sent(seedChange())).toEqual({
      meta: {
        unsubscribe: `${SITE.subscriptionsUrl}/unsubscribe/${TOKEN}`,
        documentation: "https://www.standardwebhooks.com",
        generated_at: "2025-07-07T12:05:03.000+02:00",
      },
      page: { id: seedPage.id, status_indicator: "minor", status_description: "Minor Service Outage" },
      component: {
        status: "partial_outage",
        name: component.name,
        created_at: expect.stringMatching(/\+0[12]:00$/),
        updated_at: "2025-07-07T12:05:00.000+02:00",
        position: component.position,
        description: component.description,
        showcase: component.showcase,
        id: component.id,
        page_id: seedPage.id,
        group_id: component.groupId,
      },
      component_update: {
        old_status: "operational",
        new_status: "partial_outage",
        created_at: "2025-07-07T12:05:00.000+02:00",
        component_type: "Component",
        id: "change000001",
        component_id: component.id,
      },
    });
  });

  test("differs from the topic's by the unsubscribe link only", () => {
    expect(composeChangeWebhook(seedChange()).slots).toEqual(["unsubscribe_token"]);
    const topic: unknown = JSON.parse(composeChangeTopicJson(seedChange()));
    expect(topic).toHaveProperty("meta.unsubscribe", null);
    expect(sent(seedChange())).toMatchObject({ ...Object(topic), meta: { unsubscribe: expect.any(String) } });
  });

  test("is JSON whatever the component is called", () => {
    const name = 'Quote " backslash \\ line\r\nend 🚨 </script>';
    expect(sent(seedChange({ name }))).toHaveProperty("component.name", name);
  });
});
