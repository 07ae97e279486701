import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { beforeEach, describe, expect, it } from "vitest";
import { addressOf, type Subscriber, subscriberSchema } from "../../functions/core/subscriber.ts";
import { type ApiDeps, apiClient } from "../../infra/subscribers/api-client.ts";
import { exportPeople } from "../../infra/subscribers/export-people.ts";
import { type ImportOptions, importPeople } from "../../infra/subscribers/import-people.ts";
import type { Screen } from "../../infra/subscribers/progress-line.ts";
import { afterTheTest, temporaryFolder } from "../fixtures/clean-up.ts";
import { KEY, PAGE } from "../unit/manage-api/manage-world.ts";
import { type Mishap, peopleServer } from "./people-server.ts";

type Server = Awaited<ReturnType<typeof peopleServer>>;

let folder: string;
const later = afterTheTest();
beforeEach(async () => {
  const made = await temporaryFolder("people");
  folder = made.path;
  later(made.remove);
});

function fileOf(text: string | Buffer): string {
  const path = join(folder, "people.csv");
  writeFileSync(path, text);
  return path;
}

function screenInto(lines: string[], isTerminal = false): Screen {
  let now = 0;
  return { isTerminal, write: (text) => void lines.push(text), clock: () => (now += 11_000) };
}

interface Run extends Partial<Omit<ImportOptions, "file">> {
  deps?: Partial<ApiDeps>;
  written?: string[];
}

async function clientOf(server: Server, deps: Partial<ApiDeps> = {}) {
  const all: ApiDeps = { fetch, sleep: async () => {}, jitter: () => 0.5, onWait: () => {}, ...deps };
  return apiClient({ api: server.url, key: KEY, page: undefined }, all);
}

async function importFrom(file: string, server: Server, { deps, written = [], ...options }: Run = {}) {
  const all = { file, confirmed: true, confirmations: true, charset: null, target: "here", ...options };
  return importPeople(all, await clientOf(server, deps), screenInto(written));
}

async function everybody({ world }: Server): Promise<Subscriber[]> {
  const lists = await Promise.all(
    (["email", "sms", "webhook"] as const).map((channel) => world.subscribers.list(PAGE.id, channel, 5_000, null)),
  );
  return lists.flatMap(({ items }) => items.map((item) => subscriberSchema.parse(item)));
}

/** So many good addresses, and a bad one in every hundredth place. */
function people(count: number): string {
  const rows = Array.from({ length: count }, (_, index) =>
    index % 100 === 50 ? `nobody ${index}` : `person-${index}@example.org`,
  );
  return `email\n${rows.join("\n")}\n`;
}

describe("an import", () => {
  it("goes through a network that loses every third request, and does everything once", async () => {
    const kinds: (Mishap | null)[] = [null, null, "lost", null, 503, null, "unreachable", 429];
    await using server = await peopleServer((request) => kinds[request % kinds.length] ?? null);
    const waits: number[] = [];
    const deps: Partial<ApiDeps> = { onWait: (_, ms) => void waits.push(ms) };
    const summary = await importFrom(fileOf(people(2_300)), server, { deps });
    expect(summary).toMatchObject({ created: 2_277, exists: 0, refused: 23 });
    expect(await everybody(server)).toHaveLength(2_277);
    expect(waits.length).toBeGreaterThan(2);
    // What the API asks for is waited at least.
    expect(Math.max(...waits)).toBe(7_000);
  });

  it("reports refused rows with line and reason before the row, and leaves nothing else behind", async () => {
    await using server = await peopleServer();
    const file = fileOf(
      'Name;E-Mail;Status\n"Ada\nLovelace";ada@example.org;ACTIVE\n=1+1;nobody;active\nBob;b@example.org;asleep\na;b;c;d\n',
    );
    const written: string[] = [];
    const { report } = await importFrom(file, server, { written });
    expect(written.join("")).toContain("Columns that are not used: Name");
    const rows = parse(readFileSync(report ?? "", "utf8"), { delimiter: ";", relax_column_count: true });
    expect(rows).toEqual([
      ["line", "reason", "Name", "E-Mail", "Status"],
      ["4", "email must be an email address: it has no @", "'=1+1", "nobody", "active"],
      ["5", "state must be one of unconfirmed, active, quarantined, unsubscribed", "Bob", "b@example.org", "asleep"],
      ["6", "has more cells than the first line has columns", "a", "b", "c", "d"],
    ]);
    expect(statSync(report ?? "").mode & 0o077).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["people.csv", "people.csv.refused.csv"]);
  });

  it("refuses a row with a character that was lost, and takes the others", async () => {
    await using server = await peopleServer();
    const file = fileOf("Name;E-Mail\nJ\ufffdrg;a@example.org\nEve;e\ufffde@example.org\nBob;b@example.org\n");
    const { report, ...counts } = await importFrom(file, server);
    expect(counts).toMatchObject({ created: 2, refused: 1 });
    expect(readFileSync(report ?? "", "utf8")).toContain("3;email has a character that was lost before (U+FFFD);Eve");
  });

  it("goes on where it was interrupted, with the counts and the report of both runs", async () => {
    await using server = await peopleServer();
    const file = fileOf(people(2_300));
    const dies: Partial<ApiDeps> = {
      // The page, three batches, and the fourth, of which the answer is never seen.
      fetch: async (...given) => {
        const response = await fetch(...given);
        if (server.paths.length === 5) throw new Error("killed");
        return response;
      },
      sleep: () => Promise.reject(new Error("killed")),
    };
    await expect(importFrom(file, server, { deps: dies })).rejects.toThrow("killed");
    expect(readdirSync(folder)).toContain("people.csv.progress");
    // And a line of the report that the dying run wrote too much.
    writeFileSync(`${file}.refused.csv`, `${readFileSync(`${file}.refused.csv`, "utf8")}1551,again,nobody\n`);

    const written: string[] = [];
    const summary = await importFrom(file, server, { written });
    expect(written.join("")).toContain("Going on after 1,500 rows");
    expect(server.paths.filter((path) => path.endsWith("/import"))).toHaveLength(6);
    expect(summary).toMatchObject({ created: 2_277, exists: 0, refused: 23 });
    expect(await everybody(server)).toHaveLength(2_277);
    const lines = parse(readFileSync(`${file}.refused.csv`, "utf8")).map(([line = ""]) => line);
    expect(lines).toEqual(["line", ...Array.from({ length: 23 }, (_, index) => String(52 + index * 100))]);
    expect(readdirSync(folder)).not.toContain("people.csv.progress");
  });

  it.each([
    ["file", "people.csv has changed", { text: people(1_201) }],
    ["options", "was begun with other options", { confirmed: false }],
    ["API", "or for another page", { target: "there" }],
  ])("does not go on with another %s", async (_, problem, { text, ...options }: Run & { text?: string }) => {
    await using server = await peopleServer((request) => (request >= 2 && request < 10 ? 503 : null));
    const file = fileOf(people(1_200));
    await expect(importFrom(file, server)).rejects.toThrow("503");
    if (text !== undefined) writeFileSync(file, text);
    const sent = server.paths.length;
    await expect(importFrom(file, server, options)).rejects.toThrow(problem);
    expect(server.paths.slice(sent).filter((path) => path.endsWith("/import"))).toEqual([]);
  });

  it("does not go on at the page of another key", async () => {
    await using server = await peopleServer((request) => (request >= 2 && request < 10 ? 503 : null));
    await server.world.status.createPage({ ...PAGE, id: "otherpage000" });
    await server.world.access.makeSigningKey("otherpage000");
    await server.world.addKey("second", ["subscribers:write", "pages:read"], { pageId: "otherpage000" });
    const file = fileOf(people(1_200));
    await expect(importFrom(file, server)).rejects.toThrow("503");
    const second = await apiClient(
      { api: server.url, key: KEY.replace("operator", "second"), page: undefined },
      { fetch, sleep: async () => {}, jitter: () => 0.5, onWait: () => {} },
    );
    const options = { file, confirmed: true, confirmations: true, charset: null, target: "here" };
    await expect(importPeople(options, second, screenInto([]))).rejects.toThrow("or for another page");
    rmSync(`${file}.progress`);
    expect(await importPeople(options, second, screenInto([]))).toMatchObject({ created: 1_188, refused: 12 });
    const { items } = await server.world.subscribers.list("otherpage000", "email", 5_000, null);
    expect(items).toHaveLength(1_188);
  });

  it("is another one when the same file is imported again: what changed meanwhile counts", async () => {
    await using server = await peopleServer();
    const file = fileOf("email,components\nada@example.org,Web App\nbob@example.org,\n");
    expect(await importFrom(file, server)).toMatchObject({ created: 1, refused: 1 });
    await server.world.component("Web App");
    await server.world.post("/subscribers/erase", { email: "bob@example.org" });
    expect(await importFrom(file, server)).toMatchObject({ created: 2, exists: 0, refused: 0, report: null });
    expect(await everybody(server)).toHaveLength(2);
  });

  it("takes a row with what is left of its choice, and says what was left out by line", async () => {
    await using server = await peopleServer();
    const web = await server.world.component("Web App");
    const file = fileOf("email,components\nada@example.org,Gone | Web App\nbob@example.org,Gone\n");
    const written: string[] = [];
    expect(await importFrom(file, server, { written })).toMatchObject({ created: 1, refused: 1 });
    expect(written.join("")).toContain("Line 2 is imported, but components names no component in place 1\n");
    expect(await everybody(server)).toMatchObject([{ scopes: { page: false, components: [web] } }]);
  });

  it("is the same one when it died within its first batch", async () => {
    let killed = false;
    await using server = await peopleServer();
    const dies: Partial<ApiDeps> = {
      fetch: async (...given) => {
        const response = await fetch(...given);
        if (server.paths.length < 2) return response;
        killed = true;
        throw new Error("killed");
      },
      sleep: () => Promise.reject(new Error("killed")),
    };
    const file = fileOf(people(300));
    await expect(importFrom(file, server, { deps: dies })).rejects.toThrow("killed");
    expect(killed).toBe(true);
    // Under another key they would all be there already.
    expect(await importFrom(file, server)).toMatchObject({ created: 297, exists: 0, refused: 3 });
  });

  it("leaves no file behind when nothing was refused, nor the report of an earlier run", async () => {
    await using server = await peopleServer();
    const file = fileOf("email\nada@example.org\nnobody\n");
    await importFrom(file, server);
    expect(readdirSync(folder).sort()).toEqual(["people.csv", "people.csv.refused.csv"]);
    fileOf("email\nada@example.org\n");
    await importFrom(file, server);
    expect(readdirSync(folder)).toEqual(["people.csv"]);
  });

  it("writes no formula into its report, and reads the report as it would have read the file", async () => {
    await using server = await peopleServer();
    const file = fileOf(
      [
        "=cmd,email,phone_number,state",
        "=1+1,-ada@example.org,,asleep",
        "'=2,'+bob@example.org,,asleep",
        "@x,,+4915123456789,asleep",
        "x,''+eve@example.org,,asleep",
        "",
      ].join("\n"),
    );
    const { report } = await importFrom(file, server);
    const text = readFileSync(report ?? "", "utf8");
    const cells: string[][] = parse(text);
    for (const cell of cells.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
    const mended = join(folder, "mended.csv");
    writeFileSync(mended, text.replaceAll("asleep", "active"));
    expect(await importFrom(mended, server)).toMatchObject({ created: 4, refused: 0 });
    const addresses = (await everybody(server)).map(addressOf).sort();
    expect(addresses).toEqual(["'+eve@example.org", "+4915123456789", "+bob@example.org", "-ada@example.org"]);
  });

  it("tells how many confirmations could not be queued", async () => {
    await using server = await peopleServer();
    const { sendLetter } = server.world.deps.letters;
    let calls = 0;
    server.world.deps.letters.sendLetter = (work) => {
      calls += 1;
      return calls === 600 ? Promise.reject(new Error("throttled")) : sendLetter(work);
    };
    const summary = await importFrom(fileOf(people(700)), server, { confirmed: false });
    expect(summary).toMatchObject({ created: 693, notSent: 1 });
    expect(server.world.mails).toHaveLength(692);
  });

  it("stops at once where trying again would not help, and says what the API said", async () => {
    await using server = await peopleServer();
    await server.world.addKey("reader", ["subscribers:read", "pages:read"]);
    const api = await apiClient(
      { api: server.url, key: KEY.replace("operator", "reader"), page: PAGE.id },
      { fetch, sleep: async () => {}, jitter: Math.random, onWait: () => {} },
    );
    const options = { file: fileOf(people(2)), confirmed: true, confirmations: true, charset: null, target: "" };
    await expect(importPeople(options, api, screenInto([]))).rejects.toThrow(
      "403 This key lacks the scope subscribers:write",
    );
    expect(server.paths).toHaveLength(1);
  });

  it.each([
    ["line 3: is not UTF-8", Buffer.from("email\nada@example.org\nm\xfcller@example.org\n", "latin1")],
    [
      `line 9001: is not UTF-8`,
      Buffer.concat([
        Buffer.from(`email\n${"some-body@example.org\n".repeat(8_999)}`),
        Buffer.from([0x61, 0xe2, 0x80]),
      ]),
    ],
    ["is not valid CSV", 'email\n"ada@example.org\n'],
    ["is empty", ""],
    ["must name the columns", "ada@example.org\nbob@example.org\n"],
    ["two columns for email", "email,E-Mail\na@example.org,b@example.org\n"],
  ])("sends nothing of a file that %s", async (problem, text) => {
    await using server = await peopleServer();
    await expect(importFrom(fileOf(text), server)).rejects.toThrow(problem);
    expect(server.paths.filter((path) => path.endsWith("/import"))).toEqual([]);
  });

  it("reads what spreadsheets write: a byte order mark, semicolons, names of components, words in capitals", async () => {
    await using server = await peopleServer();
    const web = await server.world.component("Web App");
    const file = fileOf("\ufeffEmail;Components;Language;Paused\r\nada@example.org;web app | ;DE;TRUE\r\n\r\n");
    expect(await importFrom(file, server)).toMatchObject({ created: 1, refused: 0 });
    expect(await everybody(server)).toMatchObject([
      { scopes: { page: false, components: [web] }, locale: "de", pausedAt: expect.any(Number) },
    ]);
  });

  it.each([
    ["Excel's first line", 'sep=;\r\n"E-Mail Address";Sprache\r\nada@example.org;DE\r\n'],
    ["tabs, and commas in a title", '"E-mail"\t"Name, first, and last"\tLanguage\nada@example.org\tAda\tde\n'],
    ["an empty first line, and other words", "\r\nEmail address, Last Name ,LANG\nada@example.org,L,de\n"],
    ["UTF-16 of Excel's “Unicode text”", Buffer.from("\ufeffE_MAIL\tlocale\r\nada@example.org\tde\r\n", "utf16le")],
    ["UTF-16 that does not say so", Buffer.from("Mail,Language\r\nada@example.org,de\r\n", "utf16le")],
    ["rows that were emptied", "email;locale;;\r\n;;;\r\nada@example.org;de;;\r\n ;;;\r\n"],
    ["what a form's export says of its questions", "Email (required),Language (de / en)\nada@example.org,de\n"],
    ["no-break spaces", "\ufeffE-Mail\u00a0Adresse;sprache\u00a0\r\nada@example.org;de\r\n"],
  ])("reads %s", async (_what, text) => {
    await using server = await peopleServer();
    expect(await importFrom(fileOf(text), server)).toMatchObject({ created: 1, refused: 0 });
    expect(await everybody(server)).toMatchObject([{ email: "ada@example.org", locale: "de" }]);
  });

  it("names the line of the file, whatever stands before it", async () => {
    await using server = await peopleServer();
    const file = fileOf("sep=;\nE-Mail\n\nada@example.org\nnobody\n");
    expect(await importFrom(file, server)).toMatchObject({ created: 1, refused: 1 });
    expect(readFileSync(`${file}.refused.csv`, "utf8")).toContain("\n5;");
  });

  it.each([";", "|", ":", "\t"])("reads its own report of a file that is separated by %j", async (sign) => {
    await using server = await peopleServer();
    const file = fileOf(`sep=${sign}\nE-Mail${sign}Language\nnobody${sign}de\n`);
    expect(await importFrom(file, server)).toMatchObject({ created: 0, refused: 1 });
    const report = readFileSync(`${file}.refused.csv`, "utf8");
    expect(await importFrom(fileOf(report.replace("nobody", "ada@example.org")), server)).toMatchObject({ created: 1 });
    expect(await everybody(server)).toMatchObject([{ email: "ada@example.org", locale: "de" }]);
  });

  it("reads a charset that is named, and believes the file's own mark before it", async () => {
    await using server = await peopleServer();
    await server.world.component("Störungen");
    const latin = Buffer.from("email;komponenten\nada@example.org;st\xf6rungen\n", "latin1");
    const charset = "windows-1252";
    expect(await importFrom(fileOf(latin), server, { charset })).toMatchObject({ created: 1, refused: 0 });
    const marked = "\ufeffemail;komponenten\nbob@example.org;störungen\n";
    expect(await importFrom(fileOf(marked), server, { charset })).toMatchObject({ created: 1, refused: 0 });
  });

  it("says how far it is, over and over on a terminal's one line", async () => {
    await using server = await peopleServer();
    const api = await clientOf(server);
    const written: string[] = [];
    const options = { file: fileOf(people(1_200)), confirmed: true, confirmations: true, charset: null, target: "" };
    await importPeople(options, api, screenInto(written, true));
    expect(written[0]).toMatch(/^\r500 of 1,200 rows {2}45\/s {2}15 s left/);
    expect(written.at(-1)).toBe("\n");
  });
});

describe("an export", () => {
  it("is what an import makes the same subscribers of", async () => {
    await using server = await peopleServer();
    await using other = await peopleServer();
    const rows = [
      { email: "left@example.org", state: "unsubscribed" },
      { email: "'+quoted@example.org", locale: "de", updates: "first and last", minimum_impact: "major" },
      { phone_number: "+4915123456789", paused: true },
      {
        endpoint: "https://hooks.example.org/?a=1,=2;=cmd|'C'!A0",
        email: "-ops@example.org",
        format: "teams",
        statuses: ["resolved", "monitoring"],
      },
      { email: "q@example.org", state: "quarantined", quarantine_reason: "complaint", page: false },
      { email: "new@example.org" },
    ];
    await server.world.post("/subscribers/import", { subscribers: rows, send_confirmations: false });
    const file = join(folder, "out.csv");
    const count = await exportPeople({ file, unconfirmed: true }, await clientOf(server), screenInto([]));
    expect(count).toBe(rows.length);
    expect(statSync(file).mode & 0o077).toBe(0);

    const summary = await importFrom(file, other, { confirmed: false, confirmations: false });
    expect(summary).toMatchObject({ created: count, refused: 0 });
    const bare = (all: readonly Subscriber[]) => all.map(({ id: _, ...rest }) => JSON.stringify(rest)).sort();
    expect(bare(await everybody(other))).toEqual(bare(await everybody(server)));
  });

  it("has nobody who has not confirmed, unless asked for", async () => {
    await using server = await peopleServer();
    const rows = [{ email: "new@example.org" }, { email: "there@example.org", state: "active" }];
    await server.world.post("/subscribers/import", { subscribers: rows, send_confirmations: false });
    const [without, all] = [join(folder, "without.csv"), join(folder, "all.csv")];
    expect(await exportPeople({ file: without, unconfirmed: false }, await clientOf(server), screenInto([]))).toBe(1);
    expect(readFileSync(without, "utf8")).not.toContain("new@example.org");
    expect(await exportPeople({ file: all, unconfirmed: true }, await clientOf(server), screenInto([]))).toBe(2);
  });

  it("leaves a file alone that is there already, and none behind when it fails", async () => {
    await using server = await peopleServer();
    const file = fileOf("mine");
    await expect(exportPeople({ file, unconfirmed: true }, await clientOf(server), screenInto([]))).rejects.toThrow(
      "EEXIST",
    );
    expect(readFileSync(file, "utf8")).toBe("mine");
    await using failing = await peopleServer((request) => (request > 0 ? 503 : null));
    const api = await clientOf(failing);
    await expect(
      exportPeople({ file: join(folder, "out.csv"), unconfirmed: true }, api, screenInto([])),
    ).rejects.toThrow("503");
    expect(readdirSync(folder)).toEqual(["people.csv"]);
  });
});
