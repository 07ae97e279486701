import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { withoutComponent } from "../../../functions/core/chosen.ts";
import { aComponent } from "../../contract/samples.ts";
import { BUTTON, linkIn, PAGE_ID, START, subscriptionWorld } from "./subscription-world.ts";
import { webhookWorld } from "./webhook-world.ts";

const COMPONENTS = [
  aComponent({ id: "webappwebapp", name: "Web App", position: 1 }),
  aComponent({ id: "uploadupload", name: "Upload", position: 2 }),
];
const form = (fields: Record<string, string>) => ({
  body: new URLSearchParams(fields).toString(),
  contentType: "application/x-www-form-urlencoded",
});

/** Whether a box or button of the page is ticked. */
function isTicked(html: string, value: string): boolean {
  const [input = ""] = new RegExp(`<input[^>]*value="${value}"[^>]*>`).exec(html) ?? [];
  expect(input).not.toBe("");
  return /\bchecked\b/.test(input);
}

async function managed() {
  const world = await subscriptionWorld();
  await world.status.saveCatalog(PAGE_ID, { version: 0, components: COMPONENTS, groups: [] }, null);
  await world.send("POST", world.confirmPath, BUTTON);
  await world.send("POST", "/manage", { json: { email: "Ada@example.org" } });
  const [mail] = await world.delivered();
  const link = linkIn(mail?.text, "manage");
  world.tick(1_000);
  return {
    ...world,
    link,
    save: (fields: Record<string, string>) => world.send("POST", link, form({ action: "save", ...fields })),
    delete: async (id: string) => {
      const catalog = await world.status.getCatalog(PAGE_ID);
      await world.status.saveCatalog(PAGE_ID, withoutComponent(catalog, id, START), null);
    },
  };
}

describe("the manage page", () => {
  let world: Awaited<ReturnType<typeof managed>>;
  beforeEach(async () => {
    world = await managed();
  });

  test("a component ticked while everything is chosen is asked about, not dropped", async () => {
    const before = await world.stored();
    const asked = await world.save({ what: "everything", "component_ids[]": "webappwebapp", locale: "en" });
    expect(asked.status).toBe(422);
    expect(asked.text).toContain("You ticked single components while everything on this page was chosen");
    expect(asked.text).not.toContain("Saved.");
    expect(await world.stored()).toEqual(before);
    expect([isTicked(asked.text, "chosen"), isTicked(asked.text, "webappwebapp")]).toEqual([true, true]);
    // Saved as it is shown now, the ticked one counts; with everything chosen again, that.
    const one = await world.save({ what: "chosen", "component_ids[]": "webappwebapp", asked: "true" });
    expect(one.text).toContain("Saved.");
    expect(await world.stored()).toMatchObject({ scopes: { page: false, components: ["webappwebapp"] } });
    const all = await world.save({ what: "everything", "component_ids[]": "uploadupload", asked: "true" });
    expect(all.text).toContain("Saved.");
    expect(await world.stored()).toMatchObject({ scopes: { page: true, components: [] } });
  });

  test("everything chosen, with the old boxes still ticked, is everything", async () => {
    await world.save({ what: "chosen", "component_ids[]": "webappwebapp" });
    expect((await world.save({ what: "everything", "component_ids[]": "webappwebapp" })).text).toContain("Saved.");
    expect(await world.stored()).toMatchObject({ scopes: { page: true, components: [] } });
  });

  test("programs are told the same", async () => {
    const json = { what: "everything", component_ids: ["webappwebapp"] };
    expect(await world.send("POST", world.link, { json })).toMatchObject({
      status: 422,
      json: { details: [{ field: "what" }] },
    });
  });

  test("what was entered stays after a refusal", async () => {
    const refused = await world.save({
      what: "chosen",
      "preferences[updates]": "first and last",
      "preferences[minimum_impact]": "major",
      locale: "de",
    });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain("Choose at least one component");
    expect(isTicked(refused.text, "chosen")).toBe(true);
    expect(isTicked(refused.text, "first and last")).toBe(true);
    expect(refused.text).toMatch(/<option value="major" selected/);
    expect(refused.text).toMatch(/<option value="de" selected/);
    expect(refused.text).toContain('<html lang="en">');
  });

  test("of a component deleted while the page was open the others count; alone, it is said", async () => {
    await world.delete("webappwebapp");
    const alone = await world.save({ what: "chosen", "component_ids[]": "webappwebapp" });
    expect(alone.status).toBe(422);
    expect(alone.text).toContain("Something that you chose is no longer on this page");
    const body = "action=save&what=chosen&component_ids[]=webappwebapp&component_ids[]=uploadupload";
    const both = await world.send("POST", world.link, { ...form({}), body });
    expect(both.text).toContain("Saved.");
    expect(await world.stored()).toMatchObject({ scopes: { page: false, components: ["uploadupload"] } });
  });

  test("as many components as a page can have may be ticked", async () => {
    const components = Array.from({ length: 1_200 }, (_, index) =>
      aComponent({ id: `many${String(index).padStart(8, "0")}`, name: `C${index}`, position: index + 1 }),
    );
    const { version } = await world.status.getCatalog(PAGE_ID);
    await world.status.saveCatalog(PAGE_ID, { version, components, groups: [] }, null);
    const ticked = new URLSearchParams([
      ["action", "save"],
      ["what", "chosen"],
      ...components.map(({ id }) => ["component_ids[]", id]),
    ]);
    const saved = await world.send("POST", world.link, { ...form({}), body: ticked.toString() });
    expect(saved.text).toContain("Saved.");
    expect((await world.stored())?.scopes.components).toHaveLength(1_200);
    // A link that asks for them all would be longer than API Gateway takes.
    const again = { email: "ada@example.org", component_ids: components.map(({ id }) => id) };
    world.tick(24 * 3_600_000);
    await world.send("POST", "/subscriptions/email", { json: again });
    const [mail] = await world.delivered();
    expect(linkIn(mail?.text, "manage").length).toBeLessThan(8_000);
  });

  test("says that nothing is left of the choice, until it is made anew", async () => {
    await world.save({ what: "chosen", "component_ids[]": "webappwebapp" });
    await world.delete("webappwebapp");
    const words = "What you had chosen is no longer on this page, so you hear of nothing.";
    expect((await world.send("GET", world.link)).text).toContain(words);
    expect((await world.send("GET", world.link)).text).toContain(words);
    const kept = await world.send("POST", world.link, { json: { locale: "en" } });
    expect(kept.json).toMatchObject({ subscription: { everything: false, component_ids: [], hears_nothing: true } });
    const saved = await world.save({ what: "chosen", "component_ids[]": "uploadupload" });
    expect(saved.text).toContain("Saved.");
    expect(saved.text).not.toContain(words);
  });
});

test("names from right to left are set by their own direction, on the manage page and in the portal", async () => {
  const name = "بوابة (API v2)";
  const [manage, portal] = [await managed(), await webhookWorld()];
  for (const { status } of [manage, portal]) {
    const { version } = await status.getCatalog(PAGE_ID);
    const component = aComponent({ id: "rtlrtlrtlrtl", name });
    await status.saveCatalog(PAGE_ID, { version, components: [component], groups: [] }, null);
  }
  const path = await portal.open();
  await portal.work();
  for (const page of [await manage.send("GET", manage.link), await portal.send("GET", path)]) {
    expect(page.text).toContain(`<span dir="auto">${name}</span>`);
  }
});

describe("of what somebody chose, nothing is left once they confirm or come back", () => {
  const words = "What you had chosen is no longer on this page, so you hear of nothing.";

  test.each([
    ["en", words],
    ["de", "Was Sie gewählt hatten, gibt es auf dieser Seite nicht mehr: Sie erfahren von nichts."],
  ])("by email, in %s", async (locale, told) => {
    const world = await managed();
    const wanted = { email: "bo@example.org", "component_ids[]": "webappwebapp", locale };
    await world.send("POST", "/subscriptions/email", form(wanted));
    const [mail] = await world.delivered();
    await world.delete("webappwebapp");
    const confirmed = await world.send("POST", linkIn(mail?.text, "confirm"), BUTTON);
    expect(confirmed).toMatchObject({ status: 200, text: expect.stringContaining(told) });
    expect(confirmed.text).toContain(`href="/manage?locale=${locale}"`);
    expect(await world.find("email", "bo@example.org")).toMatchObject({ state: "active" });
  });

  test("by SMS", async () => {
    const world = await managed();
    const phone = { phone_country: "DE", phone_number: "015112345678" };
    const asked = await world.send("POST", "/subscriptions/sms", {
      json: { ...phone, component_ids: ["webappwebapp"] },
    });
    const { sign_up } = z.object({ sign_up: z.string() }).parse(asked.json);
    const [sms] = await world.delivered();
    await world.delete("webappwebapp");
    const [code = ""] = /\d{6}/.exec(sms?.text ?? "") ?? [];
    const confirmed = await world.send("POST", "/subscriptions/sms/confirm", form({ ...phone, code, sign_up }));
    expect(confirmed).toMatchObject({ status: 200, text: expect.stringContaining(words) });
  });

  test("by the farewell's way back", async () => {
    const world = await managed();
    await world.save({ what: "chosen", "component_ids[]": "webappwebapp" });
    await world.send("POST", world.unsubscribePath, BUTTON);
    const [farewell] = await world.delivered();
    await world.delete("webappwebapp");
    const back = await world.send("POST", linkIn(farewell?.text, "undo"), BUTTON);
    expect(back).toMatchObject({ status: 200, text: expect.stringContaining(words) });
    expect(back.text).not.toContain("Everything is as it was before");
  });
});

describe("the portal's settings", () => {
  async function opened() {
    const world = await webhookWorld();
    await world.status.saveCatalog(PAGE_ID, { version: 0, components: COMPONENTS, groups: [] }, null);
    const path = await world.open();
    await world.work();
    return {
      ...world,
      path,
      submit: (fields: Record<string, string>) =>
        world.send("POST", `${path}/filter`, {
          ...form({ minimum_impact: "none", ...fields }),
          headers: { accept: "text/html" },
        }),
      delete: async (id: string) => {
        const catalog = await world.status.getCatalog(PAGE_ID);
        await world.status.saveCatalog(PAGE_ID, withoutComponent(catalog, id, START), null);
      },
    };
  }

  test("single components or statuses ticked beside all of them are asked about", async () => {
    const { submit, stored } = await opened();
    const before = await stored();
    const components = { scope: "page", all_statuses: "true", "component_ids[]": "webappwebapp" };
    const asked = await submit(components);
    expect(asked.status).toBe(422);
    expect([isTicked(asked.text, "components"), isTicked(asked.text, "webappwebapp")]).toEqual([true, true]);
    const statuses = await submit({ scope: "page", all_statuses: "true", "statuses[]": "resolved" });
    expect(statuses.status).toBe(422);
    expect([isTicked(statuses.text, "false"), isTicked(statuses.text, "resolved")]).toEqual([true, true]);
    expect(await stored()).toEqual(before);
    expect((await submit({ ...components, asked: "true" })).status).toBe(303);
    expect(await stored()).toMatchObject({ scopes: { page: true, components: [] }, statuses: null });
  });

  test("what was entered stays after a refusal, and is in sight", async () => {
    const { submit } = await opened();
    const refused = await submit({
      scope: "components",
      all_statuses: "false",
      "statuses[]": "resolved",
      minimum_impact: "critical",
    });
    expect(refused.status).toBe(422);
    expect(isTicked(refused.text, "components")).toBe(true);
    expect(isTicked(refused.text, "resolved")).toBe(true);
    expect(refused.text).toMatch(/<option value="critical" selected/);
    expect(refused.text).toMatch(/<details id="filter" open/);
    // Asked about nothing: a contradiction that follows is not taken for an answer.
    expect(refused.text).not.toContain('name="asked"');
  });

  test("offers the components in the page's order", async () => {
    const world = await opened();
    const { version } = await world.status.getCatalog(PAGE_ID);
    const components = COMPONENTS.map((each) => ({ ...each, position: 10 - each.position }));
    await world.status.saveCatalog(PAGE_ID, { version, components, groups: [] }, null);
    const { text } = await world.send("GET", world.path);
    expect(text.indexOf(">Upload</span>")).toBeLessThan(text.indexOf(">Web App</span>"));
  });

  test("an endpoint whose components are deleted says so, and does not pass for one of the whole page", async () => {
    const { submit, send, path, delete: remove } = await opened();
    await submit({ scope: "components", all_statuses: "true", "component_ids[]": "webappwebapp" });
    await remove("webappwebapp");
    expect((await send("GET", path, { headers: { accept: "text/html" } })).text).toContain("Nothing is sent");
    expect(await send("GET", path, { headers: { accept: "application/json" } })).toMatchObject({
      json: { endpoint: { component_ids: [], hears_nothing: true } },
    });
  });
});

describe("a form of the page's whose address is refused", () => {
  const WISHES = { locale: "de", "component_ids[]": "webappwebapp", "preferences[updates]": "first and last" };

  async function refusedBy(path: string, fields: Record<string, string>) {
    const world = await managed();
    const reply = await world.send("POST", path, form(fields));
    expect(reply.status, reply.text).toBe(422);
    return reply.text;
  }

  /** What the form on the page would send. */
  function fieldsOf(html: string): [string, string][] {
    const [, inside = ""] = /<form([\s\S]*?)<\/form>/.exec(html) ?? [];
    const inputs = [...inside.matchAll(/<input[^>]*>/g)].map(([input]): [string, string] => [
      /name="([^"]*)"/.exec(input)?.[1] ?? "",
      /value="([^"]*)"/.exec(input)?.[1] ?? "",
    ]);
    const selected = /<select[^>]*name="([^"]*)"[\s\S]*?<option value="([^"]*)" selected/.exec(inside);
    return selected === null ? inputs : [...inputs, [selected[1] ?? "", selected[2] ?? ""]];
  }

  test.each([
    ["/subscriptions/email", { ...WISHES, email: "ada@" }],
    ["/subscriptions/sms", { ...WISHES, phone_country: "AT", phone_number: "12" }],
    ["/manage", { locale: "de", email: "ada@" }],
    ["/manage", { locale: "de", phone_country: "DE", phone_number: "12" }],
  ])("%s comes back as it was filled in: %j", async (path, fields) => {
    const html = await refusedBy(path, fields);
    expect(html).toContain('<html lang="de">');
    expect(html).toContain(`action="${path}"`);
    expect(fieldsOf(html).toSorted()).toEqual(Object.entries(fields).toSorted());
  });

  test("what it holds is text, and nothing else", async () => {
    const html = await refusedBy("/subscriptions/email", { email: '"><script>alert(1)</script>' });
    expect(html).not.toContain("<script>");
  });

  test.each([
    { email: "ada@example.org", "component_ids[]": "nosuchthing0" },
    { email: "ada@", captcha_token: "x" },
  ])("with more wrong, or a CAPTCHA, the way back is the page: %j", async (fields) => {
    const html = await refusedBy("/subscriptions/email", fields);
    expect(html).not.toContain("<form");
    expect(html).toContain("/#follow");
  });
});
