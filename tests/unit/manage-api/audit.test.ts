import { expect, it } from "vitest";
import { z } from "zod";
import { manageWorld, PAGE } from "./manage-world.ts";

const lineSchema = z.looseObject({ message: z.string() });
const idSchema = z.object({ id: z.string() });

it("says which key did what to which ids, and nothing that was said or to whom", async () => {
  const world = await manageWorld();
  const created = await world.send("POST", `/pages/${PAGE.id}/subscribers`, {
    json: { subscriber: { email: "anna@subscriber.example", skip_confirmation_notification: true } },
  });
  const { id } = idSchema.parse(JSON.parse(created.text));
  await world.send("GET", `/pages/${PAGE.id}/subscribers/${id}`);
  await world.send("DELETE", `/pages/${PAGE.id}/subscribers/${id}`);
  const lines = world.logged
    .map((line) => lineSchema.parse(JSON.parse(line)))
    .filter(({ message }) => message === "audit");
  expect(lines).toMatchObject([
    { keyId: "operator", did: "POST /pages/{page}/subscribers", page: PAGE.id, id, status: 201 },
    { keyId: "operator", did: "DELETE /pages/{page}/subscribers/{subscriber}", subscriber: id },
  ]);
  expect(world.logged.join()).not.toContain("anna@");
});
