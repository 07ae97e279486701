import { mails } from "./en/mails.ts";
import { page } from "./en/page.ts";
import { subscriptions } from "./en/subscriptions.ts";
import { monthsOf } from "./months-of.ts";
import type { Strings } from "./strings.ts";

const MONTHS = monthsOf("en");

export const en: Strings = {
  language: "en",
  times: {
    date: (year, month, day) => `${MONTHS[month - 1]?.slice(0, 3)} ${String(day).padStart(2, "0")}, ${year}`,
    month: (year, month) => `${MONTHS[month - 1]} ${year}`,
    dateTime: (date, time) => `${date} - ${time}`,
    to: "to",
    since: (time) => `Since ${time}`,
    inAll: (span, duration) => `${span}, ${duration} in all`,
    days: "d",
    hours: "h",
    minutes: "min",
  },
  statuses: {
    investigating: "Investigating",
    identified: "Identified",
    monitoring: "Monitoring",
    resolved: "Resolved",
    scheduled: "Scheduled",
    in_progress: "In progress",
    verifying: "Verifying",
    completed: "Completed",
    postmortem: "Postmortem",
  },
  update: "Update",
  noLonger: (text) => `(no longer: ${text})`,
  components: {
    operational: "Operational",
    under_maintenance: "Under maintenance",
    degraded_performance: "Degraded performance",
    partial_outage: "Partial outage",
    major_outage: "Major outage",
  },
  before: "Before",
  impacts: {
    none: "No impact",
    maintenance: "Maintenance",
    minor: "Minor impact",
    major: "Major impact",
    critical: "Critical impact",
  },
  pageStatus: {
    "All Systems Operational": "All Systems Operational",
    "Service Under Maintenance": "Service Under Maintenance",
    "Partially Degraded Service": "Partially Degraded Service",
    "Minor Service Outage": "Minor Service Outage",
    "Partial System Outage": "Partial System Outage",
    "Major System Outage": "Major System Outage",
  },
  openImpacts: {
    none: "An incident is open",
    minor: "Minor incident",
    major: "Major incident",
    critical: "Critical incident",
  },
  affected: {
    and: "and",
    more: (count) => (count === 1 ? "one more component" : `${count} more components`),
    byIncident: (what, isOver) => `This incident ${isOver ? "affected" : "affects"}: ${what}.`,
    byMaintenance: (what, isOver) => `This scheduled maintenance ${isOver ? "affected" : "affects"}: ${what}.`,
  },
  posted: "Posted",
  viewIncident: "View incident",
  viewMaintenance: "View maintenance",
  planned: { begins: "Begins", ends: "Ends", lasts: "Duration", affects: "Affected" },
  ...page,
  ...mails,
  subscriptions,
};
