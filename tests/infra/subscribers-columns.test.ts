import { CsvError, parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UsageError } from "../../infra/command.ts";
import { cellOf, fromCell, readHeader, rowOf, toCell } from "../../infra/subscribers/columns.ts";
import { parseCommand } from "../../infra/subscribers/options.ts";

const FORMULA_SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"];

/** As csv-parse reads it; none of a file whose quotation marks it cannot make sense of. */
function cellsOf(file: string, delimiter: string): string[] {
  const options = { delimiter, relax_quotes: true, relax_column_count: true, skip_empty_lines: true };
  try {
    return z.array(z.array(z.string())).parse(parse(file, options)).flat();
  } catch (error) {
    if (error instanceof CsvError && error.code === "CSV_QUOTE_NOT_CLOSED") return [];
    throw error;
  }
}

describe("a cell", () => {
  it.each(FORMULA_SIGNS)("that begins with %j is no formula to a spreadsheet", (sign) => {
    expect(toCell(`${sign}1+1`)).toBe(`'${sign}1+1`);
  });

  // Anything that means something to a reader of CSV, and what does not.
  const text = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      ...FORMULA_SIGNS,
      ";",
      ",",
      "\t",
      "\n",
      " ",
      "|",
      "\0",
      "\ufeff",
      "\u200b",
      "a",
      "1",
    ),
    maxLength: 9,
  });

  it("comes back as it was", () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(fromCell(toCell(given))).toBe(given);
        expect(toCell(given)).not.toMatch(/^[=+\-@＝＋－＠\t\r]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([",", ";", "\t"])("is no formula to whoever splits the file at %j, quotation marks or not", (delimiter) => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (given) => {
        const file = stringify([["id", ...given.map(toCell)]]);
        const parsed = cellsOf(file, delimiter);
        // The most careless reader: a cell goes from sign to sign, and quotation marks before it are not part of it.
        const careless = file.split(/[\r\n]+/).flatMap((line) => line.split(delimiter));
        for (const cell of [...parsed, ...careless])
          expect(cell.replace(/^[\s"\0\u200b]+/, "")).not.toMatch(/^[=+\-@＝＋－＠]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has no semicolon where it is an endpoint, as endpoints have none now", () => {
    expect(cellOf("endpoint", "https://example.org/a;=cmd|' /C calc'!A0")).toBe(
      "https://example.org/a%3B=cmd|' /C calc'!A0",
    );
  });

  it("holds a phone number that import takes with and without the apostrophe", () => {
    const header = readHeader(["phone"]);
    expect(cellOf("phone_number", "+4915123456789")).toBe("'+4915123456789");
    for (const cell of ["'+4915123456789", "+4915123456789"]) {
      expect(rowOf([cell], header)).toEqual({ phone_number: "+4915123456789" });
    }
  });
});

describe("the command line", () => {
  const KEY = "tcn_keyid_secret";
  const env = { TOCSIN_API_KEY: KEY, TOCSIN_API_URL: "https://api.example.com/v1/" };

  it("takes address and key from the environment, and the options before it", () => {
    expect(parseCommand(["import", "people.csv", "--confirmed"], env)).toEqual({
      command: "import",
      api: { api: "https://api.example.com", key: KEY, page: undefined },
      file: "people.csv",
      confirmed: true,
      confirmations: true,
      charset: null,
    });
    const args = ["erase", "+49151", "--api", "http://127.0.0.1:1", "--page", "abcdefghijkl", "--country", "DE"];
    expect(parseCommand(args, env)).toEqual({
      command: "erase",
      api: { api: "http://127.0.0.1:1", key: KEY, page: "abcdefghijkl" },
      address: "+49151",
      country: "DE",
    });
  });

  it.each([
    ["say import, export or erase", []],
    ["no command move", ["move", "people.csv"]],
    ["import what", ["import"]],
    ["one name, not 2", ["export", "a.csv", "b.csv"]],
    ["--confirmed is for import only", ["export", "a.csv", "--confirmed"]],
    ["--unconfirmed is for export only", ["import", "a.csv", "--unconfirmed"]],
    ["--charset klingon is not known", ["import", "a.csv", "--charset", "klingon"]],
    ["--api must be an http", ["export", "a.csv", "--api", "ftp://x"]],
    ["--key is not an API key", ["export", "a.csv", "--key", "secret"]],
    ["--page must be an id", ["export", "a.csv", "--page", "x"]],
  ])("says %s", (problem, args) => {
    expect(() => parseCommand(args, env)).toThrow(problem);
    expect(() => parseCommand(args, env)).toThrow(UsageError);
  });

  it("says where a missing key may come from", () => {
    expect(() => parseCommand(["export", "a.csv"], {})).toThrow("--api is missing (or TOCSIN_API_URL)");
    expect(() => parseCommand(["export", "a.csv"], { TOCSIN_API_URL: env.TOCSIN_API_URL })).toThrow(
      "--key is missing (or TOCSIN_API_KEY)",
    );
  });
});
