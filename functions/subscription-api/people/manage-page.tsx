import { hearsNothing } from "../../core/chosen.ts";
import { type CatalogRow, catalogRows } from "../../core/component.ts";
import { LOCALES } from "../../core/locale.ts";
import type { Subscriber } from "../../core/subscriber.ts";
import { unreachable } from "../../core/unreachable.ts";
import type { HttpReply } from "../../lambda/http.ts";
import { oneLine } from "../../templates/markdown.ts";
import type { SubscriptionStrings } from "../../templates/strings/strings.ts";
import { stringsOf } from "../../templates/strings/strings-of.ts";
import { htmlReply } from "../page-shell.tsx";
import type { PageIdentity } from "../pages.tsx";
import type { Choices as ManageChoices, Offer } from "./manage-choices.ts";

/** The note above the forms; null: nothing. */
export type Note =
  | "preselected"
  | "saved"
  | "paused"
  | "resumed"
  | "left"
  | "back"
  | "nothing chosen"
  | "everything and some"
  | "gone"
  | "erase unsure"
  | { problem: string }
  | null;

export interface ManageView {
  identity: PageIdentity;
  /** The subscriber as stored. */
  subscriber: Subscriber;
  /** What the form shows as chosen. */
  choices: ManageChoices;
  offer: Offer;
  /** The link's path, to which the forms post. */
  path: string;
  note: Note;
}

const LANGUAGES = { en: "English", de: "Deutsch" } as const;

/** One form for the choices, and one for each action that happens at once. Works without a script. */
export function managePage(view: ManageView, status = 200): HttpReply {
  const { identity, subscriber, path, note } = view;
  const words = stringsOf(subscriber.locale).subscriptions;
  const { manage, sent } = words;
  const isGone = subscriber.state === "unsubscribed";
  return htmlReply(status, {
    ...identity,
    locale: subscriber.locale,
    title: manage.title,
    mark: note === "saved" || note === "resumed" || note === "back" ? "done" : "question",
    wide: true,
    children: (
      <>
        <Said note={note} words={words} />
        <State subscriber={subscriber} offer={view.offer} words={words} />
        <Choices {...view} words={words} />
        {isGone ? (
          <Act path={path} action="resubscribe" title={manage.comeBack} text={null} button={manage.comeBack} />
        ) : (
          <>
            {subscriber.pausedAt === null ? (
              <Act path={path} action="pause" title={manage.pauseTitle} text={manage.pauseText} button={manage.pause} />
            ) : (
              <Act path={path} action="resume" title={manage.resume} text={manage.isPaused} button={manage.resume} />
            )}
            <Act
              path={path}
              action="unsubscribe"
              title={manage.leaveTitle}
              text={manage.leaveText}
              button={manage.leave}
            />
          </>
        )}
        <section>
          <h2>{sent.title}</h2>
          <p>
            <a href={`${path}/sent`}>{manage.sentLink}</a>
          </p>
        </section>
        <section>
          <h2>{manage.eraseTitle}</h2>
          <p>{manage.eraseText}</p>
          <form method="post" action={path}>
            <label class="tick">
              <input type="checkbox" name="sure" value="true" required />
              {manage.eraseSure}
            </label>
            <button class="bad" type="submit" name="action" value="erase">
              {manage.erase}
            </button>
          </form>
        </section>
      </>
    ),
  });
}

function Said({ note, words: { manage } }: { note: Note; words: SubscriptionStrings }) {
  if (note === null) return null;
  if (typeof note === "object") return <Problem text={`${note.problem}.`} />;
  switch (note) {
    case "nothing chosen":
      return <Problem text={manage.nothingChosen} />;
    case "everything and some":
      return <Problem text={manage.everythingAndSome} />;
    case "gone":
      return <Problem text={manage.gone} />;
    case "erase unsure":
      return <Problem text={manage.eraseUnsure} />;
    case "preselected":
      return <p class="note">{manage.preselected}</p>;
    case "saved":
    case "paused":
    case "resumed":
    case "left":
    case "back":
      return (
        <p class="note ok" role="status">
          {manage[note]}
        </p>
      );
    default:
      return unreachable(note);
  }
}

function Problem({ text }: { text: string }) {
  return (
    <p class="note bad" role="alert">
      {text}
    </p>
  );
}

function State(props: { subscriber: Subscriber; offer: Offer; words: SubscriptionStrings }) {
  const { state, scopes } = props.subscriber;
  const { manage } = props.words;
  if (state === "unsubscribed") return <p>{manage.isUnsubscribed}</p>;
  if (state === "unconfirmed") return <p>{manage.isUnconfirmed}</p>;
  return hearsNothing(scopes, props.offer.catalog) ? <Problem text={manage.hearsNothing} /> : null;
}

function Act(props: { path: string; action: string; title: string; text: string | null; button: string }) {
  return (
    <section>
      <h2>{props.title}</h2>
      {props.text === null ? null : <p>{props.text}</p>}
      <form method="post" action={props.path}>
        <button class="calm" type="submit" name="action" value={props.action}>
          {props.button}
        </button>
      </form>
    </section>
  );
}

function Choices({ choices, offer, path, note, words }: ManageView & { words: SubscriptionStrings }) {
  const { manage } = words;
  const { scopes, preferences, locale } = choices;
  const [components, incidents] = [new Set(scopes.components), new Set(scopes.incidents)];
  const impact = preferences.minimumImpact === "maintenance" ? "none" : preferences.minimumImpact;
  return (
    <form method="post" action={path}>
      {note === "everything and some" ? <input type="hidden" name="asked" value="true" /> : null}
      <fieldset>
        <legend>{manage.what}</legend>
        <Tick type="radio" name="what" value="everything" checked={scopes.page} label={manage.everything} />
        <Tick type="radio" name="what" value="chosen" checked={!scopes.page} label={manage.chosen} />
        <div class="inner">
          {catalogRows(offer.catalog).map((row) => (
            <Row key={row.kind === "group" ? row.group.id : row.component.id} row={row} ticked={components} />
          ))}
          {offer.open.length === 0 ? null : (
            <fieldset class="group">
              <legend>{manage.incidents}</legend>
              {offer.open.map(({ id, name }) => (
                <Tick
                  key={id}
                  type="checkbox"
                  name="incident_ids[]"
                  value={id}
                  checked={incidents.has(id)}
                  label={oneLine(name)}
                />
              ))}
            </fieldset>
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>{manage.which}</legend>
        <Tick
          type="radio"
          name="preferences[updates]"
          value="all"
          checked={preferences.updates === "all"}
          label={manage.all}
        />
        <Tick
          type="radio"
          name="preferences[updates]"
          value="first and last"
          checked={preferences.updates === "first and last"}
          label={manage.firstAndLast}
        />
      </fieldset>
      <label for="impact">{manage.impact}</label>
      <select id="impact" name="preferences[minimum_impact]">
        {(["none", "minor", "major", "critical"] as const).map((each) => (
          <option key={each} value={each} selected={each === impact}>
            {manage.impacts[each]}
          </option>
        ))}
      </select>
      <label for="locale">{manage.language}</label>
      <select id="locale" name="locale">
        {LOCALES.map((each) => (
          <option key={each} value={each} selected={each === locale} lang={each}>
            {LANGUAGES[each]}
          </option>
        ))}
      </select>
      <button type="submit" name="action" value="save">
        {manage.save}
      </button>
    </form>
  );
}

function Row({ row, ticked }: { row: CatalogRow; ticked: ReadonlySet<string> }) {
  const components = row.kind === "group" ? row.components : [row.component];
  const ticks = components.map(({ id, name }) => (
    <Tick key={id} type="checkbox" name="component_ids[]" value={id} checked={ticked.has(id)} label={oneLine(name)} />
  ));
  if (row.kind === "component") return <>{ticks}</>;
  if (ticks.length === 0) return null;
  return (
    <fieldset class="group">
      <legend dir="auto">{oneLine(row.group.name)}</legend>
      {ticks}
    </fieldset>
  );
}

function Tick(props: { type: "checkbox" | "radio"; name: string; value: string; checked: boolean; label: string }) {
  const { label, ...input } = props;
  return (
    <label class="tick">
      <input {...input} />
      <span dir="auto">{label}</span>
    </label>
  );
}
