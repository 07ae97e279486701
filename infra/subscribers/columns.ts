/** The columns of an export, in order; import takes them all, in any order. */
export const COLUMNS = [
  "id",
  "email",
  "phone_number",
  "phone_country",
  "endpoint",
  "state",
  "page",
  "components",
  "incidents",
  "updates",
  "minimum_impact",
  "locale",
  "paused",
  "format",
  "statuses",
  "quarantine_reason",
  "created_at",
] as const;
export type Column = (typeof COLUMNS)[number];

const ADDRESSES: readonly Column[] = ["email", "phone_number", "endpoint"];
const LISTS: ReadonlySet<Column> = new Set<Column>(["components", "incidents", "statuses"]);
/** Words of a closed list: spreadsheets and people write them as they like. */
const WORDS: ReadonlySet<Column> = new Set<Column>([
  "state",
  "page",
  "updates",
  "minimum_impact",
  "locale",
  "paused",
  "format",
  "quarantine_reason",
]);
/** Told by an export for whoever reads it; and the two that a report of refused rows puts before them. */
const INFORMATION: ReadonlySet<string> = new Set(["id", "created_at", "line", "reason"]);

const OTHER_NAMES: Record<string, Column> = {
  e_mail: "email",
  mail: "email",
  email_address: "email",
  phone: "phone_number",
  mobile: "phone_number",
  country: "phone_country",
  url: "endpoint",
  webhook: "endpoint",
  status: "state",
  component: "components",
  component_ids: "components",
  language: "locale",
};

export interface Header {
  /** As the file has it. */
  titles: string[];
  /** Column by place; null: not used. */
  columns: (Column | null)[];
  /** Titles of columns that mean nothing here. */
  unused: string[];
}

/** Throws where a column that is needed is missing, or one is there twice. */
export function readHeader(titles: string[]): Header {
  const names = titles.map((title) =>
    title
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, "_"),
  );
  const columns = names.map((name) => {
    const column = OTHER_NAMES[name] ?? COLUMNS.find((each) => each === name) ?? null;
    return column === null || INFORMATION.has(column) ? null : column;
  });
  const used = columns.filter((column) => column !== null);
  const twice = used.find((column, index) => used.indexOf(column) !== index);
  if (twice !== undefined) throw new Error(`the file has two columns for ${twice}`);
  if (!used.some((column) => ADDRESSES.includes(column))) {
    throw new Error(`the first line must name the columns, one of them ${ADDRESSES.join(", ")}`);
  }
  const unused = titles.filter((_, index) => columns[index] === null && !INFORMATION.has(names[index] ?? ""));
  return { titles, columns, unused };
}

/** A line of the file as the API takes it; empty cells are left out. */
export function rowOf(cells: readonly string[], { columns }: Header): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [index, column] of columns.entries()) {
    const cell = fromCell(cells[index] ?? "").trim();
    if (column === null || cell === "") continue;
    if (LISTS.has(column))
      row[column] = cell
        .split("|")
        .map((each) => each.trim())
        .filter((each) => each !== "");
    else row[column] = WORDS.has(column) ? cell.toLowerCase() : cell;
  }
  return row;
}

/** A value of the API in a cell. */
export function cellOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return toCell(Array.isArray(value) ? value.join("|") : String(value));
}

// What makes a spreadsheet take a cell for a formula (OWASP's list). An apostrophe before it makes it text; those that
// have apostrophes there already get one more, so that taking one away is always right.
const FORMULA = /^'*[=+\-@\t\r\n]/;
const MADE_TEXT = /^'+[=+\-@\t\r\n]/;

export function toCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

export function fromCell(cell: string): string {
  return MADE_TEXT.test(cell) ? cell.slice(1) : cell;
}
