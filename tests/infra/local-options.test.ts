import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseOptions } from "../../infra/local/options.ts";

describe("npm start -- options", () => {
  it("has defaults", () => {
    expect(parseOptions([])).toEqual({
      kind: "run",
      options: {
        port: 8080,
        dataDir: resolve(".local"),
        demo: false,
        exit: false,
        webhookTargets: "any",
        mailRate: 200,
        sweepSeconds: 60,
        locale: "en",
        app: null,
        dynamodb: null,
      },
    });
  });

  it("takes each of them", () => {
    const argv = "--port 9000 --data /tmp/x --demo --exit --webhook-targets=public --mail-rate 1 --sweep-seconds 5";
    const more = ["--locale", "de", "--app", "/tmp/cdk.out", "--dynamodb", "http://127.0.0.1:8000"];
    expect(parseOptions([...argv.split(" "), ...more])).toMatchObject({
      options: {
        port: 9000,
        dataDir: "/tmp/x",
        demo: true,
        exit: true,
        webhookTargets: "public",
        mailRate: 1,
        sweepSeconds: 5,
        locale: "de",
        app: "/tmp/cdk.out",
        dynamodb: "http://127.0.0.1:8000",
      },
    });
  });

  it("tells of --help before anything else", () => {
    expect(parseOptions(["--help", "--port", "x"])).toEqual({ kind: "help" });
  });

  it.each([
    [["--port", "http"], "--port must be a whole number from 1 to 65532. See npm start -- --help"],
    [["--port", "65533"], "--port must be a whole number from 1 to 65532. See npm start -- --help"],
    [["--mail-rate", "0"], "--mail-rate must be a whole number from 1 to 100000. See npm start -- --help"],
    [["--sweep-seconds", "1.5"], "--sweep-seconds must be a whole number from 1 to 86400. See npm start -- --help"],
    [["--webhook-targets", "all"], "--webhook-targets must be any or public. See npm start -- --help"],
    [["--locale", "fr"], "--locale must be en or de. See npm start -- --help"],
    [["--dynamodb", "localhost"], "--dynamodb must be an http URL. See npm start -- --help"],
    [["--verbose"], "Unknown option '--verbose'. See npm start -- --help"],
    [["8080"], "Unexpected argument '8080'. See npm start -- --help"],
  ])("%j is one line that names it", (argv, expected) => {
    expect(() => parseOptions(argv)).toThrow(new RegExp(`^${expected.replaceAll(".", "\\.")}$`));
  });
});
