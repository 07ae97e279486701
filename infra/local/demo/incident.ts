/**
 * The incident the demo replays: DRACOON Cloud's partial outage of 7 July 2025. Names, components, statuses and times
 * are the real ones; the sentences are ours.
 */
export const INCIDENT_NAME = "Partial Outage of DRACOON";

export const API_GROUP = "API";
export const GROUPED = Array.from({ length: 9 }, (_, index) => `API (group ${String(index + 1).padStart(2, "0")})`);
export const UNGROUPED = [
  "Authentication",
  "Web App",
  "Branding",
  "WebDAV",
  "Signing",
  "Virus protection",
  "Webhooks",
  "DATEV",
];
/** Not part of the incident: somebody who subscribed only to this hears nothing. */
export const UNAFFECTED = "Partner Portal";

export interface Step {
  title: string;
  status: "investigating" | "monitoring" | "resolved" | "postmortem";
  displayAt: string;
  componentStatus: "partial_outage" | "degraded_performance" | "operational" | null;
  body: string;
  /** SMS announce only the beginning and the end. */
  sms: boolean;
}

export const STEPS: readonly Step[] = [
  {
    title: "Investigating",
    status: "investigating",
    displayAt: "2025-07-07T12:05:00.000+02:00",
    componentStatus: "partial_outage",
    body: "Requests to DRACOON are slow and some of them time out. We are looking for the cause and will report here as soon as we know more.",
    sms: true,
  },
  {
    title: "Monitoring",
    status: "monitoring",
    displayAt: "2025-07-07T12:59:00.000+02:00",
    componentStatus: "degraded_performance",
    body: "Capacity has been added and requests are answered normally again. We keep watching all services closely.",
    sms: false,
  },
  {
    title: "Resolved",
    status: "resolved",
    displayAt: "2025-07-07T13:10:00.000+02:00",
    componentStatus: "operational",
    body: "The outage is over and every service works as it should. We are sorry for the interruption; our support team is there for all questions.",
    sms: true,
  },
  {
    title: "Postmortem",
    status: "postmortem",
    displayAt: "2025-09-09T17:01:00.000+02:00",
    componentStatus: null,
    body: [
      "## What happened",
      "On 7 July 2025, between about 12:00 and 13:00 CEST, DRACOON Cloud answered slowly and part of the connections timed out.",
      "## Why",
      "Load rose faster than one part of the system could scale with it, until its resources were used up.",
      "## What we did",
      "We found the bottleneck, spread the load and added capacity. By 13:00 the service was back to normal.",
      "## What will change",
      "- Capacity will follow traffic peaks by itself.\n- Alarms will tell us of rising load before readers notice.\n- Capacity is now reviewed at fixed intervals.",
    ].join("\n\n"),
    sms: false,
  },
];
