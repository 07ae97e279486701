import type { Rendering } from "../../core/rendering.ts";
import { stringsOf } from "../strings/strings-of.ts";
import type { UpdateSource } from "../update-source.ts";
import { postedTime } from "../wording.ts";
import { EmailPill, EmailRow } from "./email-layout.tsx";
import { composeForAll } from "./update-email.tsx";
import { htmlOf } from "./update-email-html.tsx";
import { textOf } from "./update-email-text.ts";

/**
 * The reminder of a maintenance, an hour before it begins (`scheduled_remind_prior`): its times, what it affects, and
 * all that was said of it. `update` is the newest. It is stored once for all recipients of a language, like an update's
 * mail, and is in the same thread. Throws if the incident is no maintenance.
 */
export async function composeReminderEmail(source: UpdateSource): Promise<Rendering> {
  const { incident, page } = source;
  const { schedule } = incident;
  if (schedule === null) throw new Error(`incident ${incident.id} is no maintenance, so nobody is reminded of it`);
  const { reminder, beginsSoon } = stringsOf(page.locale).updateEmail;
  const soon = beginsSoon(postedTime(schedule.scheduledFor, page));
  // A maintenance that was put off gets another reminder.
  const seed = `reminder|${incident.id}|${schedule.scheduledFor}`;
  const news = (
    <EmailRow padding="18px 36px 0">
      <EmailPill tone="info">{reminder}</EmailPill>
      <div class="prose" style="padding-top:12px;font-size:16px;line-height:25px;color:#2c343f">
        {soon}
      </div>
    </EmailRow>
  );
  return composeForAll(
    source,
    {
      seed,
      date: null,
      text: (from, draft) => textOf(from, draft, [`${reminder}\n${soon}`], 0),
      html: (from, draft) => htmlOf(from, draft, { label: reminder, summary: soon, tone: "info", news }, 0),
    },
    seed,
  );
}
