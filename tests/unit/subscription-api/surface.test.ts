import { expect, test } from "vitest";
import { PAGE_ID, subscriptionWorld } from "./subscription-world.ts";

test.each(["GET", "HEAD", "OPTIONS"])("%s changes nothing on any path", async (method) => {
  const world = await subscriptionWorld();
  const look = async () => ({
    page: await world.status.getPage(PAGE_ID),
    people: (await world.subscribers.list(PAGE_ID, "email", 100, null)).items,
    key: await world.access.currentSigningKey(PAGE_ID),
  });
  const before = await look();
  for (const path of [world.confirmPath, world.unsubscribePath, "/confirm/x", "/unsubscribe/x", "/", "/nothing"]) {
    for (const query of ["", "?List-Unsubscribe=One-Click", "?from=page"]) {
      const reply = await world.send(method, path + query, { body: "List-Unsubscribe=One-Click" });
      if (method === "HEAD") expect(reply.text).toBe("");
    }
  }
  expect(await look()).toEqual(before);
});

test("a mail scanner's HEAD is answered like GET, without a body", async () => {
  const { send, confirmPath } = await subscriptionWorld();
  const [get, head] = [await send("GET", confirmPath), await send("HEAD", confirmPath)];
  expect(head).toMatchObject({ status: get.status, headers: get.headers, text: "" });
});

test("other methods are 405, other paths 404, bodies above 64 kB 413", async () => {
  const { send, confirmPath, unsubscribePath, stored, ada } = await subscriptionWorld();
  const put = await send("PUT", confirmPath);
  expect(put.status).toBe(405);
  expect(put.headers.allow).toBe("GET, POST");
  expect((await send("GET", "/nothing")).status).toBe(404);
  expect((await send("GET", `${confirmPath}/more`)).status).toBe(404);
  expect((await send("POST", unsubscribePath, { body: "x".repeat(65_537) })).status).toBe(413);
  expect(await stored()).toEqual(ada);
});

test("an unexpected error is a page without detail; the log has it, without the token", async () => {
  const world = await subscriptionWorld();
  world.subscribers.get = () => Promise.reject(new Error("table on fire"));
  const reply = await world.send("GET", world.confirmPath);
  expect(reply.status).toBe(500);
  expect(reply.headers["content-type"]).toContain("text/html");
  expect(reply.text).not.toContain("fire");
  expect(world.logged.join()).toContain("table on fire");
  expect(world.logged.join()).not.toContain(world.confirmPath.slice(-43));
});

const BROWSER = { accept: "text/html,application/xhtml+xml,*/*;q=0.8", "accept-language": "de-DE,de;q=0.9" };
const POST_ONLY = [
  "/subscriptions/email",
  "/subscriptions/sms",
  "/subscriptions/sms/confirm",
  "/subscriptions/webhooks",
];

test.each(POST_ONLY)("who opens %s again is led back to the form", async (path) => {
  const { send } = await subscriptionWorld();
  const reply = await send("GET", path, { headers: BROWSER });
  expect(reply.status).toBe(405);
  expect(reply.headers.allow).toContain("POST");
  expect(reply.text).toContain('<a href="https://status.example/#follow">Zurück zum Formular</a>');
  expect(reply.text).toContain("Hier gibt es nichts zu sehen");
  expect(reply.text.slice(reply.text.indexOf("<body>"))).not.toMatch(/GET|not possible/);
});

test("who opens an action of the portal is led back to the portal", async () => {
  const { send } = await subscriptionWorld();
  const reply = await send("GET", "/portal/some-token/test", { headers: BROWSER });
  expect(reply.status).toBe(405);
  expect(reply.text).toContain('<a href="/portal/some-token">');
});

test("a refused form has a way back to it", async () => {
  const { send } = await subscriptionWorld();
  const headers = { ...BROWSER, "content-type": "application/x-www-form-urlencoded" };
  const reply = await send("POST", "/subscriptions/email", { headers, body: "email=nobody&locale=en" });
  expect(reply.status).toBe(422);
  expect(reply.text).toContain('<a href="https://status.example/#follow">Back to the form</a>');
});

test("what browsers ask for by themselves is there, and search engines are kept out", async () => {
  const { send } = await subscriptionWorld();
  expect(await send("GET", "/robots.txt")).toMatchObject({ status: 200, text: "User-agent: *\nDisallow: /\n" });
  expect(await send("GET", "/favicon.ico")).toMatchObject({ status: 204, text: "" });
});
