import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { countries, orNone, readEnv, usd } from "../../../functions/lambda/env.ts";
import { createLogger } from "../../../functions/lambda/logger.ts";

describe("readEnv", () => {
  const schema = z.object({ TABLE: z.string(), PAGE_URL: z.url(), TARGETS: z.enum(["public", "any"]) });

  test("gives what the schema says and nothing else", () => {
    const source = { TABLE: "t", PAGE_URL: "https://a.example", TARGETS: "any", HOME: "/root" };
    expect(readEnv(schema, source)).toEqual({ TABLE: "t", PAGE_URL: "https://a.example", TARGETS: "any" });
  });

  test("one error names every variable that is missing or wrong, and no value", () => {
    const attempt = () => readEnv(schema, { PAGE_URL: "s3cret", TARGETS: "" });
    expect(attempt).toThrow(/^Environment: TABLE is missing; PAGE_URL is not valid: .+; TARGETS is missing$/);
    expect(attempt).not.toThrow(/s3cret/);
  });

  test("countries are a set, prices numbers, and what is left out is null", () => {
    const settings = z.object({ TO: countries, PRICE: usd, SENDER: orNone(z.string()), LINK: orNone(z.url()) });
    expect(readEnv(settings, { TO: "DE,AT", PRICE: "0.15", SENDER: "Acme", LINK: "https://a.example" })).toEqual({
      TO: new Set(["DE", "AT"]),
      PRICE: 0.15,
      SENDER: "Acme",
      LINK: "https://a.example",
    });
    expect(readEnv(settings, { TO: "", PRICE: "20", SENDER: "", LINK: "" })).toEqual({
      TO: new Set(),
      PRICE: 20,
      SENDER: null,
      LINK: null,
    });
    const attempt = () => readEnv(settings, { TO: "", PRICE: "2 USD", SENDER: "", LINK: "a.example" });
    expect(attempt).toThrow(
      /^Environment: PRICE is not valid: must be a decimal number of USD; LINK is not valid: .+$/,
    );
  });
});

describe("the logger", () => {
  function logged(write: (log: ReturnType<typeof createLogger>) => void): unknown {
    const lines: string[] = [];
    const keep = (line: string) => lines.push(line);
    write(createLogger({ function: "send-email" }, { info: keep, warn: keep, error: keep }));
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] ?? "");
  }

  test("writes one JSON line with its base", () => {
    expect(logged((log) => log.info("sent", { updateId: "abc", count: 2 }))).toEqual({
      level: "info",
      message: "sent",
      function: "send-email",
      updateId: "abc",
      count: 2,
    });
    expect(logged((log) => log.warn("slow"))).toMatchObject({ level: "warn", message: "slow" });
  });

  test("an error is told by name, text and stack, without addresses, numbers or links", () => {
    const error = new RangeError('<ada@example.org> refused, +4915123456789 too, see "https://h.example/t0ken"');
    const line = logged((log) => log.error("refused", error, { subscriberId: "abc" }));
    expect(line).toMatchObject({
      level: "error",
      error: "RangeError",
      reason: '<<address>> refused, <number> too, see "<url>"',
      subscriberId: "abc",
    });
    expect(JSON.stringify(line)).not.toMatch(/ada@|4915|t0ken/);
    expect(logged((log) => log.error("odd", "ada@example.org"))).toMatchObject({ error: "string" });
  });
});
