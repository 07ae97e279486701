import { simpleParser } from "mailparser";
import type { Page } from "playwright-core";
import * as z from "zod";
import { until } from "../fixtures/progress.ts";
import { callApi, type LocalEndpoints } from "./local-process.ts";

const outboxSchema = z.object({ emails: z.array(z.object({ id: z.string(), to: z.string(), raw: z.string() })) });
const idSchema = z.object({ id: z.string() });

export async function openForms(tab: Page): Promise<void> {
  for (const summary of await tab.locator(".sign-up summary").all()) await summary.click();
}

export async function signUpByEmail(tab: Page): Promise<void> {
  await tab.locator("#sign-up-email").fill("grace@example.com");
  await Promise.all([tab.waitForURL(/subscriptions/), tab.locator("form[action$='/email'] button").click()]);
}

export async function signUpBySms(tab: Page): Promise<void> {
  await openForms(tab);
  await tab.locator("#sign-up-phone").fill("0151 99999999");
  await tab.locator("#sign-up-country").selectOption("DE");
  await Promise.all([tab.waitForURL(/subscriptions/), tab.locator("form[action$='/sms'] button").click()]);
}

export async function saveNothing(tab: Page): Promise<void> {
  await tab.locator("input[name=what][value=chosen]").check();
  await tab.locator("button[value=save]").click();
  await tab.locator("[role=alert]").waitFor();
}

/** Links out of the letters to two new subscribers: one who has confirmed, got an update and looks at it all, and one who left. */
export async function signUpLinks({ subscriptions, outbox, ...endpoints }: LocalEndpoints) {
  const post = (path: string, body: object) =>
    fetch(`${subscriptions}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const linkFor = (to: string, path: string): Promise<string> =>
    until(`a link to ${path} for ${to}`, async () => {
      const { emails } = outboxSchema.parse(
        await (await fetch(outbox, { headers: { accept: "application/json" } })).json(),
      );
      for (const mail of emails.filter((each) => each.to === to)) {
        const { text = "" } = await simpleParser(mail.raw);
        const found = new RegExp(`${subscriptions}/${path}/[\\w.-]+`).exec(text)?.[0];
        if (found !== undefined) return found;
      }
      return null;
    });
  const subscribed = { ...endpoints, subscriptions, outbox };
  const [stays, leaves, asked] = ["stays@example.com", "leaves@example.com", "asked@example.com"];
  for (const email of [stays, leaves]) {
    const subscriber = { email, skip_confirmation_notification: true };
    await callApi(subscribed, "POST", "/subscribers", { subscriber });
  }
  const [open] = z.array(idSchema).parse((await callApi(subscribed, "GET", "/incidents/unresolved")).json);
  await callApi(subscribed, "PATCH", `/incidents/${open?.id}`, {
    incident: { status: "monitoring", body: "Uploads are as fast as before. We keep watching." },
  });
  await fetch(await linkFor(leaves, "unsubscribe"), { method: "POST", body: "List-Unsubscribe=One-Click" });
  await post("/manage", { email: stays });
  await post("/subscriptions/email", { email: asked });
  return {
    decline: await linkFor(asked, "decline"),
    manage: await linkFor(stays, "manage"),
    resubscribe: await linkFor(leaves, "resubscribe"),
  };
}
