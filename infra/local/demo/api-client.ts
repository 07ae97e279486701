import * as z from "zod";

const withId = z.object({ id: z.string() });
const incidentSchema = z.object({
  id: z.string(),
  incident_updates: z.array(z.object({ id: z.string(), status: z.string(), created_at: z.string() })),
});
const webhookSchema = z.object({ id: z.string(), signing_secret: z.string() });
const channelReportSchema = z.object({
  audience: z.number(),
  accepted: z.number(),
  failed: z.number(),
  suppressed: z.number(),
  superseded: z.number(),
  ambiguous: z.number(),
  open: z.number(),
  retried: z.number(),
  median_ms: z.nullable(z.number()),
  p95_ms: z.nullable(z.number()),
  paused: z.nullable(z.string()),
});
const reportSchema = z.object({
  state: z.string(),
  channels: z.object({ email: channelReportSchema, sms: channelReportSchema, webhook: channelReportSchema }),
});
export type ChannelReport = z.infer<typeof channelReportSchema>;
export type DeliveryReport = z.infer<typeof reportSchema>;

/** The few calls of the manage API that the demo makes, as any client would make them. */
export function apiClient({ api, apiKey, pageId }: { api: string; apiKey: string; pageId: string }) {
  const call = async <T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> => {
    const answer = await fetch(`${api}/pages/${pageId}${path}`, {
      method,
      headers: { authorization: `OAuth ${apiKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  };
  return {
    createComponent: (name: string) => call("POST", "/components", withId, { component: { name } }),
    createGroup: (name: string, components: readonly string[]) =>
      call("POST", "/component-groups", withId, { component_group: { name, components } }),
    createSubscriber: (subscriber: Record<string, unknown>) => call("POST", "/subscribers", withId, { subscriber }),
    getSubscriber: (id: string) => call("GET", `/subscribers/${id}`, z.object({ state: z.string() })),
    createWebhook: (subscriber: Record<string, unknown>) => call("POST", "/subscribers", webhookSchema, { subscriber }),
    openIncident: (incident: Record<string, unknown>) => call("POST", "/incidents", incidentSchema, { incident }),
    updateIncident: (id: string, incident: Record<string, unknown>) =>
      call("PATCH", `/incidents/${id}`, incidentSchema, { incident }),
    getIncident: (id: string) => call("GET", `/incidents/${id}`, incidentSchema),
    draftPostmortem: (id: string, body: string) =>
      call("PUT", `/incidents/${id}/postmortem`, z.unknown(), { postmortem: { body_draft: body } }),
    publishPostmortem: (id: string, displayAt: string) =>
      call("PUT", `/incidents/${id}/postmortem/publish`, z.unknown(), {
        postmortem: { notify_subscribers: true, display_at: displayAt },
      }),
    report: (incident: string, update: string) =>
      call("GET", `/incidents/${incident}/incident_updates/${update}/deliveries`, reportSchema),
  };
}
export type ApiClient = ReturnType<typeof apiClient>;
