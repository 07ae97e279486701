import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../infra/command.ts";
import { cellOf, fromCell, readHeader, rowOf, toCell } from "../../infra/subscribers/columns.ts";
import { parseCommand } from "../../infra/subscribers/options.ts";

const FORMULA_SIGNS = ["=", "+", "-", "@", "\t", "\r"];

describe("a cell", () => {
  it.each(FORMULA_SIGNS)("that begins with %j is no formula to a spreadsheet", (sign) => {
    expect(toCell(`${sign}1+1`)).toBe(`'${sign}1+1`);
  });

  it("comes back as it was", () => {
    const text = fc.string({ unit: fc.constantFrom("'", ...FORMULA_SIGNS, "a", "1"), maxLength: 6 });
    fc.assert(fc.property(text, (given) => fromCell(toCell(given)) === given && !/^[=+\-@\t\r]/.test(toCell(given))));
  });

  it("holds a phone number that import takes with and without the apostrophe", () => {
    const header = readHeader(["phone"]);
    expect(cellOf("+4915123456789")).toBe("'+4915123456789");
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
