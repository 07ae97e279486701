import { withoutSemicolons } from "../../functions/core/web-address.ts";

/** The columns of an export, in order; an import takes all of them, in any order. */
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
/** Words of a closed list: spreadsheets and people spell them as they like. */
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
/** The columns of an export that only inform its reader, and the two that a report of refused rows puts before them. */
const INFORMATION: ReadonlySet<string> = new Set(["id", "createdat", "line", "reason"]);

/** People's names for the columns, reduced to letters and digits: `E-Mail Address (required)` is `emailaddress`. */
const OTHER_NAMES: Record<string, Column> = {
  mail: "email",
  emailaddress: "email",
  mailaddress: "email",
  emailadresse: "email",
  mailadresse: "email",
  phone: "phone_number",
  phoneno: "phone_number",
  mobile: "phone_number",
  mobilenumber: "phone_number",
  mobilephone: "phone_number",
  mobilephonenumber: "phone_number",
  cell: "phone_number",
  cellphone: "phone_number",
  telephone: "phone_number",
  telephonenumber: "phone_number",
  sms: "phone_number",
  tel: "phone_number",
  telefon: "phone_number",
  telefonnr: "phone_number",
  telefonnummer: "phone_number",
  handy: "phone_number",
  handynummer: "phone_number",
  handynr: "phone_number",
  mobilnummer: "phone_number",
  mobilnr: "phone_number",
  mobiltelefon: "phone_number",
  country: "phone_country",
  countrycode: "phone_country",
  land: "phone_country",
  url: "endpoint",
  endpointurl: "endpoint",
  webhook: "endpoint",
  webhookurl: "endpoint",
  status: "state",
  zustand: "state",
  component: "components",
  componentids: "components",
  komponente: "components",
  komponenten: "components",
  lang: "locale",
  language: "locale",
  sprache: "locale",
};
const BY_NAME: ReadonlyMap<string, Column> = new Map([
  ...Object.entries(OTHER_NAMES),
  ...COLUMNS.map((column) => [column.replaceAll("_", ""), column] as const),
]);

function nameOf(title: string): string {
  const plain = title.normalize("NFKC").trim();
  const bracket = plain.endsWith(")") ? plain.lastIndexOf("(") : -1;
  return plain
    .slice(0, bracket > 0 ? bracket : plain.length)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

export interface Header {
  /** As in the file. */
  titles: string[];
  /** Column by place; null: not used. */
  columns: (Column | null)[];
  /** Titles of columns that mean nothing here. */
  unused: string[];
}

/** Throws if a required column is missing, or if one is there twice. */
export function readHeader(titles: string[]): Header {
  const names = titles.map(nameOf);
  const columns = names.map((name) => (INFORMATION.has(name) ? null : (BY_NAME.get(name) ?? null)));
  const used = columns.filter((column) => column !== null);
  const twice = used.find((column, index) => used.indexOf(column) !== index);
  if (twice !== undefined) throw new Error(`the file has two columns for ${twice}`);
  if (!used.some((column) => ADDRESSES.includes(column))) {
    throw new Error(`the first line must name the columns, one of them ${ADDRESSES.join(", ")}`);
  }
  const unused = titles.filter((_, index) => columns[index] === null && !INFORMATION.has(names[index] ?? ""));
  return { titles, columns, unused };
}

/** A line of the file in the API's form; leaves out empty cells. */
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
export function cellOf(column: Column, value: unknown): string {
  if (value === null || value === undefined) return "";
  // The form in which endpoints are stored now; older ones may have semicolons.
  if (column === "endpoint") return toCell(withoutSemicolons(String(value)));
  return toCell(Array.isArray(value) ? value.join("|") : String(value));
}

/**
 * A sign at its beginning makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"). The reader decides
 * where a cell begins: one that splits at semicolons or tabs, whatever the file's separator is, finds more beginnings,
 * and there a quotation mark starts a quoted cell and is no part of it. An apostrophe before such a sign makes it text.
 * If apostrophes are there already, one more is added, so that taking one away is always right.
 */
const SIGN = /[=+\-@＝＋－＠]/;
// The text's own beginning comes last: if it begins with a separator, that one counts. Readers drop invisible
// characters, NUL above all.
const BEGINNING = /((?:[;,\t\r\n]|^)[\s"\p{Cc}\p{Cf}]*)('*)/gu;

export function toCell(text: string): string {
  const harmless = atBeginnings(text, (apostrophes) => `'${apostrophes}`);
  return /^'*[\t\r\n]/.test(harmless) ? `'${harmless}` : harmless;
}

export function fromCell(cell: string): string {
  const bare = /^'+[\t\r\n]/.test(cell) ? cell.slice(1) : cell;
  return atBeginnings(bare, (apostrophes) => apostrophes.slice(1));
}

/** Changes the apostrophes before each sign that may be the first of a cell. */
function atBeginnings(text: string, change: (apostrophes: string) => string): string {
  return text.replace(BEGINNING, (all: string, before: string, apostrophes: string, at: number) =>
    SIGN.test(text.charAt(at + all.length)) ? before + change(apostrophes) : all,
  );
}
