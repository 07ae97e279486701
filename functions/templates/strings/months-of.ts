/** A language's names of the months, January first. */
export function monthsOf(language: string): string[] {
  const { format } = new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC" });
  return Array.from({ length: 12 }, (_, month) => format(Date.UTC(2000, month)));
}
