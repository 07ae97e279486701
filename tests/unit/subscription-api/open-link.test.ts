import { expect, it } from "vitest";
import { linkToken } from "../../../functions/core/link-token.ts";
import { BUTTON, ONE_CLICK, START, subscriptionWorld } from "./subscription-world.ts";

/** Ada is subscribed; every read of a key or a page is written down. */
async function countedWorld() {
  const world = await subscriptionWorld();
  await world.send("POST", world.confirmPath, BUTTON);
  const { access, status } = world.deps;
  const { getSigningKey, currentSigningKey } = access;
  const { getPage } = status;
  const reads: string[] = [];
  access.getSigningKey = (pageId, version) => {
    reads.push("key");
    return getSigningKey(pageId, version);
  };
  access.currentSigningKey = (pageId) => {
    reads.push("key");
    return currentSigningKey(pageId);
  };
  status.getPage = (pageId) => {
    reads.push("page");
    return getPage(pageId);
  };
  const manage = `/manage/${linkToken(world.key, "manage", world.subject, START + 1e9, "ada@example.org")}`;
  return { ...world, reads, manage };
}

type Counted = Awaited<ReturnType<typeof countedWorld>>;

it.each<[string, (world: Counted) => ReturnType<Counted["send"]>]>([
  ["leaves by the page's button", ({ send, unsubscribePath }) => send("POST", unsubscribePath, BUTTON)],
  ["leaves by a mail program", ({ send, unsubscribePath }) => send("POST", unsubscribePath, ONE_CLICK)],
  ["leaves by the manage page", ({ send, manage }) => send("POST", manage, { ...BUTTON, body: "action=unsubscribe" })],
  [
    "wants to change",
    ({ send, unsubscribePath }) => send("POST", unsubscribePath, { ...BUTTON, body: "instead=change" }),
  ],
])("a link's key and page are read once for whoever %s", async (_, act) => {
  const world = await countedWorld();
  expect((await act(world)).status).toBe(200);
  expect(world.reads.toSorted()).toEqual(["key", "page"]);
  expect(await world.delivered()).toHaveLength(1);
});
