import type { Locale } from "../../core/locale.ts";
import type { HttpReply } from "../../lambda/http.ts";
import type { PhoneContact } from "../../subscriptions/contact.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { htmlReply } from "../page-shell.tsx";
import type { PageIdentity } from "../pages.tsx";

/** The page after the form, whatever is known of the address. */
export function checkMailbox(identity: PageIdentity, locale: Locale, email: string): HttpReply {
  const words = stringsOf(locale).subscriptions.checkMailbox;
  return htmlReply(202, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        <p>{words.text}</p>
        <p>{words.sentTo(email)}</p>
      </>
    ),
  });
}

/** The page on which people type the code of an SMS; `problem` says why once more. */
export function enterCode(
  identity: PageIdentity,
  locale: Locale,
  { phone, country, form }: PhoneContact & { form: string },
  problem: string | null,
): HttpReply {
  const words = stringsOf(locale).subscriptions.enterCode;
  return htmlReply(problem === null ? 202 : 422, {
    ...identity,
    locale,
    title: words.title,
    mark: "question",
    children: (
      <>
        {problem === null ? null : (
          <p class="note bad" role="alert" id="problem">
            {problem}
          </p>
        )}
        <p>{words.text}</p>
        <form method="post" action="/subscriptions/sms/confirm">
          <input type="hidden" name="phone_country" value={country} />
          <input type="hidden" name="phone_number" value={phone} />
          <input type="hidden" name="sign_up" value={form} />
          <input type="hidden" name="locale" value={locale} />
          <label for="code">{words.label}</label>
          <input
            id="code"
            name="code"
            required
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern="[0-9 \-]{6,10}"
            aria-describedby={problem === null ? undefined : "problem"}
            aria-invalid={problem === null ? undefined : "true"}
          />
          <button type="submit">{words.button}</button>
        </form>
      </>
    ),
  });
}
