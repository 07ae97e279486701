import { mails } from "./de/mails.ts";
import { page } from "./de/page.ts";
import { subscriptions } from "./de/subscriptions.ts";
import { monthsOf } from "./months-of.ts";
import type { Strings } from "./strings.ts";

const MONTHS = monthsOf("de");

export const de: Strings = {
  language: "de",
  times: {
    date: (year, month, day) => `${day}. ${MONTHS[month - 1]} ${year}`,
    month: (year, month) => `${MONTHS[month - 1]} ${year}`,
    dateTime: (date, time) => `${date}, ${time}`,
    to: "bis",
    since: (time) => `Seit ${time}`,
    inAll: (span, duration) => `${span}, insgesamt ${duration}`,
    days: "Tg.",
    hours: "Std.",
    minutes: "Min.",
  },
  statuses: {
    investigating: "Wird untersucht",
    identified: "Ursache gefunden",
    monitoring: "Wird beobachtet",
    resolved: "Behoben",
    scheduled: "Geplant",
    in_progress: "Wird durchgeführt",
    verifying: "Wird überprüft",
    completed: "Abgeschlossen",
    postmortem: "Abschlussbericht",
  },
  update: "Neuer Stand",
  noLonger: (text) => `(gilt nicht mehr: ${text})`,
  components: {
    operational: "Verfügbar",
    under_maintenance: "In Wartung",
    degraded_performance: "Beeinträchtigt",
    partial_outage: "Teilausfall",
    major_outage: "Ausfall",
  },
  before: "Zuvor",
  impacts: {
    none: "Keine Auswirkung",
    maintenance: "Wartung",
    minor: "Geringe Auswirkung",
    major: "Erhebliche Auswirkung",
    critical: "Kritische Auswirkung",
  },
  pageStatus: {
    "All Systems Operational": "Alle Systeme sind verfügbar",
    "Service Under Maintenance": "Wartungsarbeiten",
    "Partially Degraded Service": "Teilweise beeinträchtigt",
    "Minor Service Outage": "Kleinere Störung",
    "Partial System Outage": "Teilweiser Ausfall",
    "Major System Outage": "Schwerer Ausfall",
  },
  openImpacts: {
    none: "Eine Störung ist offen",
    minor: "Geringe Störung",
    major: "Erhebliche Störung",
    critical: "Kritische Störung",
  },
  affected: {
    and: "und",
    more: (count) => (count === 1 ? "eine weitere Komponente" : `${count} weitere Komponenten`),
    byIncident: (what, isOver) => `Von dieser Störung ${isOver ? "waren" : "sind"} betroffen: ${what}.`,
    byMaintenance: (what, isOver) => `Von dieser Wartung ${isOver ? "waren" : "sind"} betroffen: ${what}.`,
  },
  posted: "Veröffentlicht:",
  viewIncident: "Störung ansehen",
  viewMaintenance: "Wartung ansehen",
  planned: { begins: "Beginn", ends: "Ende", lasts: "Dauer", affects: "Betroffen" },
  ...page,
  ...mails,
  subscriptions,
};
