import { type Catalog, type CatalogRow, catalogRows } from "../../core/component.ts";
import type { Incident } from "../../core/incident.ts";
import type { Locale } from "../../core/locale.ts";
import { oneLine } from "../markdown.ts";
import type { SignUp } from "../public-page.ts";
import type { SignUpStrings } from "../strings/strings.ts";
import { stringsOf } from "../strings/strings-of.ts";

interface SignUpProps {
  signUp: SignUp;
  locale: Locale;
  catalog: Catalog;
}

/** The forms of the index page: plain HTML, no script. */
export function SignUpForms({ signUp, locale, catalog }: SignUpProps) {
  const words = stringsOf(locale).signUp;
  if (signUp.elsewhere !== null) return <Elsewhere url={signUp.elsewhere} words={words} />;
  const hasSms = signUp.smsCountries.length > 0;
  if (!signUp.hasMail && !hasSms) return null;
  const rows = catalogRows(catalog).filter((row) => row.kind === "component" || row.components.length > 0);
  return (
    <div class="card sign-up">
      {signUp.hasMail ? (
        <EmailForm signUp={signUp} locale={locale} incidentId={null}>
          <Some rows={rows} words={words} />
        </EmailForm>
      ) : null}
      {hasSms ? (
        <details class="by-sms" open={!signUp.hasMail}>
          <summary>
            <span class="chevron" />
            <span class="name">{words.sms}</span>
          </summary>
          <SmsForm signUp={signUp} locale={locale} rows={rows} />
        </details>
      ) : null}
      <p class="manage">
        <a href={`${signUp.subscriptionsUrl}/manage?locale=${locale}`}>{words.manage}</a>
      </p>
    </div>
  );
}

/** On the page of an incident or a maintenance: to get its updates and nothing else. */
export function IncidentSignUp({ signUp, locale, incident }: Omit<SignUpProps, "catalog"> & { incident: Incident }) {
  if (!signUp.hasMail && signUp.elsewhere === null) return null;
  const words = stringsOf(locale).signUp;
  const { title, hint } = incident.schedule === null ? words.incident : words.maintenance;
  return (
    <section aria-labelledby="subscribe">
      <h2 id="subscribe">{title}</h2>
      {signUp.elsewhere === null ? (
        <div class="card sign-up">
          <p class="hint">{hint}</p>
          <EmailForm signUp={signUp} locale={locale} incidentId={incident.id}>
            {null}
          </EmailForm>
        </div>
      ) : (
        <Elsewhere url={signUp.elsewhere} words={words} />
      )}
    </section>
  );
}

function Elsewhere({ url, words }: { url: string; words: SignUpStrings }) {
  return (
    <p class="sign-up-link">
      <a class="button" href={url}>
        {words.elsewhere}
      </a>
    </p>
  );
}

function EmailForm(props: {
  signUp: SignUp;
  locale: Locale;
  incidentId: string | null;
  children: ReturnType<typeof Some> | null;
}) {
  const { signUp, locale, incidentId, children } = props;
  const words = stringsOf(locale).signUp;
  return (
    <form method="post" action={`${signUp.subscriptionsUrl}/subscriptions/email`}>
      <input type="hidden" name="locale" value={locale} />
      {incidentId === null ? null : <input type="hidden" name="incident_id" value={incidentId} />}
      <label for="sign-up-email">{words.email}</label>
      <div class="line">
        <input
          id="sign-up-email"
          name="email"
          type="email"
          required
          maxLength={254}
          autoComplete="email"
          aria-describedby="sign-up-hint"
        />
        <button type="submit">{words.emailButton}</button>
      </div>
      <p class="hint" id="sign-up-hint">
        {words.emailHint}
      </p>
      {children}
    </form>
  );
}

function SmsForm({ signUp, locale, rows }: { signUp: SignUp; locale: Locale; rows: readonly CatalogRow[] }) {
  const words = stringsOf(locale).signUp;
  return (
    <form method="post" action={`${signUp.subscriptionsUrl}/subscriptions/sms`}>
      <input type="hidden" name="locale" value={locale} />
      <div class="line">
        <div class="country">
          <label for="sign-up-country">{words.country}</label>
          <select id="sign-up-country" name="phone_country">
            {signUp.smsCountries.map((country) => (
              <option key={country} value={country}>
                {countryName(country, locale)}
              </option>
            ))}
          </select>
        </div>
        <div class="phone">
          <label for="sign-up-phone">{words.phone}</label>
          <input id="sign-up-phone" name="phone_number" type="tel" required maxLength={40} autoComplete="tel" />
        </div>
        <button type="submit">{words.smsButton}</button>
      </div>
      <Some rows={rows} words={words} />
    </form>
  );
}

/** Single components. A group's own box means all of it. */
function Some({ rows, words }: { rows: readonly CatalogRow[]; words: SignUpStrings }) {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>
        <span class="chevron" />
        <span class="name">{words.only}</span>
      </summary>
      <p class="hint">{words.onlyHint}</p>
      <div class="ticks">
        {rows.map((row) =>
          row.kind === "component" ? (
            <Tick key={row.component.id} id={row.component.id} label={oneLine(row.component.name)} />
          ) : (
            <fieldset key={row.group.id}>
              <legend dir="auto">{oneLine(row.group.name)}</legend>
              <Tick id={row.group.id} label={words.allOf(oneLine(row.group.name))} />
              {row.components.map(({ id, name }) => (
                <Tick key={id} id={id} label={oneLine(name)} />
              ))}
            </fieldset>
          ),
        )}
      </div>
    </details>
  );
}

function Tick({ id, label }: { id: string; label: string }) {
  return (
    <label class="tick">
      <input type="checkbox" name="component_ids[]" value={id} />
      <span dir="auto">{label}</span>
    </label>
  );
}

export function countryName(code: string, locale: Locale): string {
  return new Intl.DisplayNames([locale], { type: "region" }).of(code) ?? code;
}
