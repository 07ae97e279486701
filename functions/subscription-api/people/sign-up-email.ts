import * as z from "zod/mini";
import { newConfirmToken } from "../../core/confirm-token.ts";
import { newId } from "../../core/ids.ts";
import type { Page } from "../../core/page.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import { type EmailSubscriber, normalizeEmail, type Subscriber } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import { type HttpRequest, type HttpRoute, parsedBody } from "../../lambda/http.ts";
import { fieldsIn } from "../../lambda/input.ts";
import { blockOf } from "../../subscriptions/blocks.ts";
import { emailField } from "../../subscriptions/email-address.ts";
import { newEmailSubscriber } from "../../subscriptions/new-subscriber.ts";
import { countAddress, countSource } from "../caps.ts";
import { captchaFields, checkCaptcha } from "../captcha.ts";
import { holderOf } from "../holder-of.ts";
import { sendConfirmationLetter, sendDecoyLetter, sendManageLetter } from "../letters.ts";
import { servedPage } from "../page-of.ts";
import { preferencesFrom, scopesFrom, wishFields } from "../wishes.ts";
import { type BothReply, forBoth, preflight } from "./both.ts";
import type { PeopleDeps } from "./people-deps.ts";
import { checkMailbox } from "./sign-up-pages.tsx";
import { signUpStep } from "./step.ts";

const signUpSchema = z.object({ email: emailField, ...wishFields, ...captchaFields });

export function emailSignUpRoutes(deps: PeopleDeps): HttpRoute[] {
  const path = "/subscriptions/email";
  return [{ method: "POST", path, run: forBoth(deps, (request) => signUp(deps, request)) }, preflight(path)];
}

/** The same answer, and the same work, whatever is known of the address: whoever asks learns nothing of its holder. */
async function signUp(deps: PeopleDeps, request: HttpRequest): Promise<BothReply> {
  const now = deps.clock();
  const page = await servedPage(deps);
  const key = await deps.access.currentSigningKey(page.id);
  await countSource(deps, key, page.id, "mail", request.source, now);
  const input = fieldsIn(signUpSchema, parsedBody(request), "");
  await checkCaptcha(deps, input, request.source);
  const scopes = await scopesFrom(deps, page.id, input);
  const locale = input.locale ?? page.locale;
  const wanted = newEmailSubscriber(
    {
      pageId: page.id,
      id: newId(deps.random),
      contact: { channel: "email", email: input.email },
      scopes,
      locale,
      confirmed: false,
    },
    now,
  );
  const preferences = preferencesFrom(input.preferences, wanted.preferences);
  await enrol(deps, page, key, { ...wanted, preferences }, now);
  return {
    status: 202,
    body: { status: "accepted", next: "Open the mail that was sent to the address, and confirm it." },
    page: () => checkMailbox({ pageName: page.name, pageUrl: deps.pageUrl }, locale, input.email),
  };
}

/** Lost races: somebody else changed the subscriber between the look and the write. */
const TRIES = 4;

async function enrol(
  deps: PeopleDeps,
  page: Page,
  key: SigningKey,
  wanted: EmailSubscriber,
  now: number,
): Promise<void> {
  const address = normalizeEmail(wanted.email);
  const isCapped = await countAddress(deps, key, page.id, "email", address, now, "sign-up");
  const blocked = await blockOf(deps, key, page.id, "email", address);
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const holder = await holderOf(deps, page.id, "email", address, wanted.id);
    const step = signUpStep({ holder, blocked, isCapped });
    switch (step.do) {
      case "invite": {
        const subject = { pageId: page.id, channel: "email", subscriberId: holder?.id ?? wanted.id } as const;
        const { token, hash } = newConfirmToken(subject, deps.random);
        const invited = await invitedOf(deps, holder, wanted, now);
        if (invited === null) break;
        const { scopes, preferences, locale } = wanted;
        const invitation = { hash, at: now, scopes, preferences, locale };
        return sendConfirmationLetter(deps, invited, page, token, invitation);
      }
      case "manage link":
        await writeNothing(deps, page.id, now);
        return sendManageLetter(deps, key, step.holder, page, now, "anybody", wanted.scopes);
      case "nothing": {
        await writeNothing(deps, page.id, now);
        const { locale, email } = wanted;
        return sendDecoyLetter(deps, key, page.id, page, { locale, to: email }, now);
      }
      default:
        return unreachable(step);
    }
  }
  throw new Error("a subscriber that signs up is changed again and again");
}

/** Stands where others write a subscriber: as many writes, whoever it is. */
export async function writeNothing({ access }: Pick<PeopleDeps, "access">, pageId: string, now: number): Promise<void> {
  await access.count(`${pageId}|nothing to write`, { most: Number.MAX_SAFE_INTEGER, windowMs: 60_000 }, now);
}

/**
 * Whom an invitation is for: whoever has the address, of whom nothing changes before they confirm, or somebody new. Null:
 * lost a race.
 */
export async function invitedOf<S extends Subscriber>(
  deps: Pick<PeopleDeps, "subscribers" | "access">,
  holder: S | null,
  wanted: S,
  now: number,
): Promise<S | null> {
  if (holder === null) return (await deps.subscribers.create(wanted)).outcome === "created" ? wanted : null;
  await writeNothing(deps, wanted.pageId, now);
  return holder;
}
