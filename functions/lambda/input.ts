import * as z from "zod/mini";
import { componentStatusSchema } from "../core/component.ts";
import { cleanAddress, cleanLine, showsSomething, unseenIn } from "../core/invisible.ts";
import { LOCALES, localeOf } from "../core/locale.ts";
import { HttpProblem, type ProblemDetail } from "./problem.ts";

/**
 * The fields of requests. Clients send JSON or forms, so a flag may be the text "true". Many send null for what they
 * leave out, so null counts as absent unless a field says otherwise.
 */

const required = (problem: string) => ({
  error: (issue: { input?: unknown }) => (issue.input == null ? "is required" : problem),
});

// Line breaks and control characters could forge a header of the mail that a name ends up in.
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
// In running text a line break and a tab are fine.
const CONTROL_IN_TEXT = /[^\P{Cc}\n\r\t]/u;

function fits(limit: number) {
  return z.refine<string>(
    (text) => text.length <= limit || [...text].length <= limit,
    `is longer than ${limit} characters`,
  );
}

/** One line, as it was meant (`clean`), not empty and not invisible. */
export function line(limit: number, clean: (given: string) => string = cleanLine) {
  return z.string(required("must be text")).check(
    z.refine((given) => given.trim() === "" || showsSomething(given), {
      error: "shows nothing: it has only characters that cannot be seen",
      abort: true,
    }),
    z.overwrite(clean),
    z.minLength(1, "must not be empty"),
    fits(limit),
    z.refine((text) => text.isWellFormed() && !CONTROL.test(text), "must not contain control characters"),
  );
}

/** Text of several lines, line ends as \n; may be empty. */
export function text(limit: number) {
  return z.pipe(
    z.string(required("must be text")).check(
      fits(limit),
      z.refine((value) => value.isWellFormed() && !CONTROL_IN_TEXT.test(value), "must not contain control characters"),
    ),
    z.transform((value) => value.replace(/\r\n?/g, "\n")),
  );
}

/** One of a few words; a refusal names them all. */
export function oneOf<const T extends readonly string[]>(words: T) {
  return z.enum(words, mustBeOneOf(words));
}

function mustBeOneOf(words: readonly string[]): string {
  return `must be one of ${words.join(", ")}`;
}

/** Absent or null gives undefined. */
export function optional<S extends z.ZodMiniType>(schema: S) {
  return z.pipe(
    z.optional(z.nullable(schema)),
    z.transform((value) => value ?? undefined),
  );
}

/** Absent gives undefined, null stays: it clears the field. An empty text, all that a form can say, is null too. */
export function clearable<S extends z.ZodMiniType>(schema: S) {
  return z.optional(
    z.pipe(
      z.transform((value: unknown) => (value === "" ? null : value)),
      z.nullable(schema),
    ),
  );
}

/** More than anybody counts to, and far below the numbers to which JSON can no longer add one. */
const HIGHEST_COUNT = 999_999_999;

/** A whole number from 0 on; in a form it is text. */
export const count = z.pipe(
  z.transform((value: unknown) => (typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value)),
  z
    .int("must be a whole number")
    .check(z.minimum(0, "must not be negative"), z.maximum(HIGHEST_COUNT, `must not be more than ${HIGHEST_COUNT}`)),
);

export const flag = z.pipe(
  z.union([z.boolean(), z.enum(["true", "false", "1", "0"]), z.literal([1, 0])], required("must be true or false")),
  z.transform((value) => value === true || value === "true" || value === "1" || value === 1),
);

const ISO_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})$/i;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A language in which there are texts. */
export const languageField = z.pipe(
  z.transform((value: unknown) => (typeof value === "string" ? (localeOf(value) ?? value) : value)),
  oneOf(LOCALES),
);

/** An ISO 8601 time with its offset, as an instant. */
export const instant = z.pipe(
  z
    .string(required("must be an ISO 8601 time"))
    .check(
      z.refine(
        (value) => ISO_TIME.test(value) && instantOf(value) !== null,
        "must be an ISO 8601 time with its offset, such as 2025-07-07T12:05:00+02:00",
      ),
    ),
  z.transform((value) => instantOf(value) ?? 0),
);

/** An instant, or a calendar date. A date is noon UTC, which is the same day almost everywhere. */
export const instantOrDate = z.union(
  [
    z.pipe(
      z.string().check(z.refine((value) => isCalendarDate(value))),
      z.transform((value) => instantOf(`${value}T12:00:00Z`) ?? 0),
    ),
    instant,
  ],
  "must be an ISO 8601 date or time with its offset",
);

// In any zone the year still has four digits.
const LATEST = Date.UTC(9999, 11, 31);

function instantOf(value: string): number | null {
  if (!isCalendarDate(value.slice(0, 10))) return null;
  const normal = value.replace(" ", "T").replace(",", ".").replace(/UTC$/i, "Z").replace(" ", "");
  const parsed = Date.parse(normal.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(parsed) || parsed < 0 || parsed >= LATEST ? null : parsed;
}

/** `YYYY-MM-DD` of a day that exists: Date.parse takes 31 February for 3 March. */
export function isCalendarDate(value: string): boolean {
  if (!ISO_DATE.test(value)) return false;
  const midnight = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(value);
}

// More than a page can hold: its components are one item of the table.
const MOST_COMPONENTS = 2_000;

export const idList = z.pipe(
  z
    .array(z.string("must be an id"), required("must be a list of ids"))
    .check(z.maxLength(MOST_COMPONENTS, "is too long")),
  z.transform((ids) => [...new Set(ids.map(cleanAddress).filter((id) => id !== ""))]),
);

/** A component's status; an empty text is none. */
export const componentStatus = z.union(
  [componentStatusSchema, z.literal("")],
  mustBeOneOf(componentStatusSchema.options),
);

export const statusMap = z.record(z.string(), componentStatus, "must be a map from component ids to statuses");

/**
 * What stands under `root` in a request's body, by its schema. Throws 400 if it is missing, 422 with the name of each
 * field that is wrong.
 */
export function fieldsUnder<S extends z.ZodMiniType>(root: string, schema: S, body: unknown): z.output<S> {
  const map = z.safeParse(z.looseObject({}), body);
  if (!map.success) throw new HttpProblem(400, "The body must be an object");
  const given = map.data[root];
  if (given === undefined)
    throw new HttpProblem(400, `The body has no "${root}": its fields are to stand in it, as {"${root}": {…}}`);
  return fieldsIn(schema, given, root);
}

/** A value by its schema; `root` goes before the names of its fields. Throws 422. */
export function fieldsIn<S extends z.ZodMiniType>(schema: S, value: unknown, root: string): z.output<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const details = parsed.error.issues.flatMap(insideOf).flatMap((issue) => detailsOf(issue, root, value));
  throw new HttpProblem(422, details.map(({ field, problem }) => `${field} ${problem}`).join("; "), details);
}

/** For a value that may be a list or a map and is one of them: what is wrong in it, not that it may be either. */
function insideOf(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const inside = issue.errors.find((each) => each.length > 0 && each.every(({ path }) => path.length > 0));
  if (inside === undefined) return [issue];
  return inside.map((each) => ({ ...each, path: [...issue.path, ...each.path] })).flatMap(insideOf);
}

function detailsOf(issue: z.core.$ZodIssue, root: string, value: unknown): ProblemDetail[] {
  const field = [root, ...issue.path.map(String)].filter((step) => step !== "").join(".");
  const problem = `${problemOf(issue)}${hiddenIn(issue, value)}`;
  return [{ field: field === "" ? "body" : field, problem }];
}

/**
 * A value that looks right would be a puzzle if a character pasted along with it caused the refusal. So we name the
 * character.
 */
function hiddenIn({ path }: z.core.$ZodIssue, value: unknown): string {
  let given = value;
  for (const step of path) {
    if (typeof given !== "object" || given === null) return "";
    given = Reflect.get(given, step);
  }
  const hidden = typeof given === "string" ? unseenIn(given) : null;
  return hidden === null ? "" : `; it has ${hidden}, which cannot be seen`;
}

/** The schema's own text; in place of zod's, one that reads on from the field's name. */
function problemOf(issue: z.core.$ZodIssue): string {
  if (!issue.message.startsWith("Invalid input")) return issue.message;
  if (issue.code !== "invalid_type") return "is not valid";
  if (issue.expected === "string") return "must be text";
  return issue.expected === "object" ? "must be an object" : "is not valid";
}

/** A whole number from the query: absent gives `fallback`, above `highest` gives `highest`. Throws 422. */
export function countIn(
  query: URLSearchParams,
  name: string,
  fallback: number,
  lowest: number,
  highest: number,
): number {
  const given = query.get(name);
  if (given === null || given === "") return fallback;
  if (!/^\d{1,9}$/.test(given))
    throw new HttpProblem(422, `${name} must be a whole number`, [{ field: name, problem: "must be a whole number" }]);
  return Math.min(Math.max(Number(given), lowest), highest);
}

export interface ListWindow {
  /** Rows to skip. */
  skip: number;
  limit: number;
}

const MOST_ROWS = 100;

/** A list's `page` (from `firstPage`) and number of rows, called `limit` or `per_page`. At most 100 rows, as Statuspage has it. */
export function windowIn(query: URLSearchParams, sizeName: "limit" | "per_page", firstPage: 0 | 1): ListWindow {
  const limit = countIn(query, sizeName, MOST_ROWS, 1, MOST_ROWS);
  const page = countIn(query, "page", firstPage, firstPage, 1_000_000);
  return { skip: (page - firstPage) * limit, limit };
}
