import { describe, expect, test } from "vitest";
import { z } from "zod";
import { idsOf, manageWorld } from "./manage-world.ts";

const ACTIVE = { skip_confirmation_notification: true };

describe("lists and counts", () => {
  async function crowd() {
    const world = await manageWorld();
    for (let count = 0; count < 7; count += 1) {
      await world.post("/subscribers", { subscriber: { email: `p${count}@example.org`, ...ACTIVE } });
      world.tick(1);
    }
    await world.post("/subscribers", { subscriber: { email: "new@example.org" } });
    await world.post("/subscribers", { subscriber: { endpoint: "https://hooks.example.org/" } });
    return world;
  }

  test("active by default, by type and state, paged from 0", async () => {
    const { get } = await crowd();
    const count = async (query: string) => idsOf(await get(`/subscribers${query}`)).length;
    expect(await count("")).toBe(8);
    expect(await count("?type=email")).toBe(7);
    expect(await count("?type=slack")).toBe(0);
    expect(await count("?state=unconfirmed")).toBe(1);
    expect(await count("?state=all")).toBe(9);
    expect(await count("?q=P3@")).toBe(1);
    const all = idsOf(await get("/subscribers"));
    const pages = [
      idsOf(await get("/subscribers?limit=3&page=0")),
      idsOf(await get("/subscribers?limit=3&page=1")),
      idsOf(await get("/subscribers?limit=3&page=2")),
    ];
    expect(pages.flat()).toEqual(all);
    expect(pages.map((page) => page.length)).toEqual([3, 3, 2]);
  });

  test("sorted on request", async () => {
    const { get } = await crowd();
    const emails = async (query: string) =>
      z
        .array(z.object({ email: z.string() }))
        .parse((await get(`/subscribers?type=email&${query}`)).json)
        .map(({ email }) => email[1]);
    expect(await emails("sort_field=primary")).toEqual([..."0123456"]);
    expect(await emails("sort_field=created_at&sort_direction=desc")).toEqual([..."6543210"]);
  });

  test("counts", async () => {
    const { get } = await crowd();
    const none = { integration_partner: 0, slack: 0, teams: 0 };
    expect((await get("/subscribers/count")).json).toEqual({ email: 7, sms: 0, webhook: 1, ...none });
    expect((await get("/subscribers/count?state=all")).json).toEqual({ email: 8, sms: 0, webhook: 1, ...none });
    expect((await get("/subscribers/count?type=webhook")).json).toEqual({ email: 0, sms: 0, webhook: 1, ...none });
  });

  test.each(["type=pigeon", "state=asleep", "limit=many", "sort_field=age", "sort_direction=up"])(
    "422 for %s",
    async (query) => {
      const { get } = await manageWorld();
      const field = query.split("=")[0];
      expect(await get(`/subscribers?${query}`)).toMatchObject({ status: 422, json: { details: [{ field }] } });
    },
  );
});
