import type { Locale } from "../core/locale.ts";
import type { HttpRequest } from "../lambda/http.ts";
import type { HttpProblem } from "../lambda/problem.ts";
import { countryName } from "../templates/page/sign-up-form.tsx";
import { stringsOf } from "../templates/strings/strings-of.ts";

/** A form whose address was refused, to be sent again with another; all its other fields stay as they were chosen. */
export interface Retry {
  path: string;
  field: "email" | "phone";
  email: string;
  number: string;
  country: string;
  countries: readonly string[];
  /** The form sends these fields along as they were. */
  others: [name: string, value: string][];
}

const PATHS: readonly string[] = ["/subscriptions/email", "/subscriptions/sms", "/manage"];
const ADDRESS_FIELDS: readonly string[] = ["email", "phone_number", "phone_country"];
/** The other fields of the page's own forms. A CAPTCHA's answer is good once: such a form must be filled in again. */
const OTHER_FIELDS = /^(?:locale|incident_id|component_ids\[\]|preferences\[(?:updates|minimum_impact)\])$/;

/**
 * Null if sending it again would not help: something other than the address was wrong, or it is no form of the page's.
 */
export function retryOf(
  request: HttpRequest,
  { status, details }: HttpProblem,
  countries: readonly string[],
): Retry | null {
  const isAddress = details.length > 0 && details.every(({ field }) => ADDRESS_FIELDS.includes(field));
  if (status !== 422 || !isAddress || !PATHS.includes(request.path)) return null;
  const fields = [...new URLSearchParams(request.text)];
  const others = fields.filter(([name]) => !ADDRESS_FIELDS.includes(name));
  if (!others.every(([name]) => OTHER_FIELDS.test(name))) return null;
  const value = (wanted: string) => fields.find(([name]) => name === wanted)?.[1] ?? "";
  return {
    path: request.path,
    field: fields.some(([name]) => name === "phone_number") ? "phone" : "email",
    email: value("email"),
    number: value("phone_number"),
    country: value("phone_country"),
    countries,
    others,
  };
}

export function RetryForm({ retry, locale }: { retry: Retry; locale: Locale }) {
  const { path, field, others } = retry;
  const { signUp, subscriptions } = stringsOf(locale);
  const byMail = path === "/manage" ? subscriptions.askManage.button : signUp.emailButton;
  const bySms = path === "/manage" ? subscriptions.askManage.phoneButton : signUp.smsButton;
  return (
    <form method="post" action={path}>
      {others.map(([name, value], index) => (
        <input key={`${index} ${name}`} type="hidden" name={name} value={value} />
      ))}
      {field === "email" ? <Email email={retry.email} label={signUp.email} /> : <Phone retry={retry} locale={locale} />}
      <button type="submit">{field === "email" ? byMail : bySms}</button>
    </form>
  );
}

function Email({ email, label }: { email: string; label: string }) {
  return (
    <>
      <label for="email">{label}</label>
      <input
        id="email"
        name="email"
        type="email"
        value={email}
        required
        maxLength={254}
        autoComplete="email"
        aria-invalid="true"
        aria-describedby="problem"
      />
    </>
  );
}

function Phone({ retry, locale }: { retry: Retry; locale: Locale }) {
  const { signUp } = stringsOf(locale);
  return (
    <div class="pair">
      <div>
        <label for="phone_country">{signUp.country}</label>
        <select id="phone_country" name="phone_country">
          {retry.countries.map((code) => (
            <option key={code} value={code} selected={code === retry.country}>
              {countryName(code, locale)}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for="phone_number">{signUp.phone}</label>
        <input
          id="phone_number"
          name="phone_number"
          type="tel"
          value={retry.number}
          required
          maxLength={40}
          autoComplete="tel"
          aria-invalid="true"
          aria-describedby="problem"
        />
      </div>
    </div>
  );
}
