import type { Finding } from "./diagnose.ts";

const MARKS = { fine: "✓", gap: "✗", off: "–", unread: "?" } as const;

/** A line for each finding, and below it what to do. */
export function report(findings: readonly Finding[]): string {
  const lines = findings.flatMap((finding) => {
    const line = `${MARKS[finding.state]} ${finding.area.padEnd(7)} ${finding.what}`;
    return "step" in finding ? [line, `          ${finding.step}`] : [line];
  });
  const gaps = findings.filter(({ state }) => state === "gap").length;
  const unread = findings.filter(({ state }) => state === "unread").length;
  const end = [
    gaps === 0 ? "Nothing is missing" : gaps === 1 ? "1 gap" : `${gaps} gaps`,
    ...(unread === 0 ? [] : [`${unread} could not be looked at`]),
  ];
  return [...lines, "", `${end.join("; ")}.`].join("\n");
}
