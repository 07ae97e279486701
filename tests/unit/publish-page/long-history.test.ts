import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import type { Update } from "../../../functions/core/incident.ts";
import { siteFiles } from "../../../functions/publish-page/site-files.ts";
import { BOMBS, WORST } from "../../fixtures/markdown-bombs.ts";
import { seedSource } from "../../fixtures/template-sources.ts";

const UPDATES = 200;
const seed = seedSource(1);

/** One open incident with 200 updates of these bodies in turn. */
function filesOf(bodies: readonly string[]) {
  const updates = Array.from(
    { length: UPDATES },
    (_, index): Update => ({
      ...seed.update,
      id: `update${String(index + 1).padStart(6, "0")}`,
      seq: index + 1,
      displayAt: seed.update.displayAt + index * 60_000,
      // Each one is a text of its own, so that none is known from another.
      body: `${index} ${bodies[index % bodies.length]}`.slice(0, 25_000),
    }),
  );
  const incident = { ...seed.incident, seq: UPDATES };
  const { page, catalog } = seed;
  const snapshot = {
    page,
    catalog,
    headers: [incident],
    incidents: [{ incident, updates }],
    setting: "",
    now: 0,
    news: [0],
  };
  const signUp = { subscriptionsUrl: seed.site.subscriptionsUrl, hasMail: true, smsCountries: [], elsewhere: null };
  const files = siteFiles(snapshot, { pageUrl: seed.site.pageUrl, signUp }).flat();
  return (path: string) => files.find((file) => file.path === path)?.body.toString() ?? "";
}

const updatesSchema = z.object({
  incidents: z.array(
    z.object({ incident_updates: z.array(z.unknown()), incident_updates_left_out: z.optional(z.number()) }),
  ),
});

describe.each([
  ["bombs", BOMBS.map(({ body }) => body)],
  ["what is the most work of what is taken", WORST.map(({ body }) => body)],
])("200 updates of %s", (_, bodies) => {
  const file = filesOf(bodies);
  const at = `incidents/${seed.incident.id}`;

  it("fit into files that a phone, a feed reader and CloudFront take", () => {
    expect(Buffer.byteLength(file("index.html"))).toBeLessThan(400_000);
    expect(Buffer.byteLength(file(at))).toBeLessThan(1_400_000);
    expect(Buffer.byteLength(file("history.atom"))).toBeLessThan(400_000);
    expect(Buffer.byteLength(file("api/v2/summary.json"))).toBeLessThan(10_000_000);
  });

  it("say what they leave out, and where it is", () => {
    expect(file("index.html")).toMatch(new RegExp(`<a href="/${at}">\\d+ older updates</a>`));
    expect(file(at)).toMatch(new RegExp(`<a href="/${at}.json">(?:\\d+ older updates|Read the whole update)</a>`));
    const [listed] = updatesSchema.parse(JSON.parse(file("api/v2/summary.json"))).incidents;
    expect((listed?.incident_updates.length ?? 0) + (listed?.incident_updates_left_out ?? 0)).toBe(UPDATES);
    const own = z
      .looseObject({ incident_updates: z.optional(z.array(z.unknown())) })
      .parse(JSON.parse(file(`${at}.json`)));
    expect(JSON.stringify(own).split('"display_at"').length - 1).toBe(UPDATES);
  });
});
