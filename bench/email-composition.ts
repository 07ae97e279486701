import { isDeepStrictEqual } from "node:util";
import { type ParsedMail, simpleParser } from "mailparser";
import { splice } from "../functions/core/rendering.ts";
import { renderedText } from "../tests/fixtures/rendered-text.ts";
import { type Bench, compare, median, rounded } from "./measurement.ts";
import { openedIncident, renderer, type Scene, updateOf } from "./scene.ts";

const SPLICES = 20_000;
const COMPOSITIONS = 200;
const ROUNDS = 5;

/**
 * What one recipient's email costs: splicing the stored text, against putting the same strings together bare, and
 * against composing it with nodemailer from its finished text and HTML. All end as the bytes that are handed to SES.
 */
export const bench: Bench = async ({ progress }) => {
  const scene = await openedIncident();
  const text = renderedText(scene.rendered, "email");
  const values = {
    sender: "status@example.com",
    address: "reader@subscriber.example",
    unsubscribe_token: `1.page.e.reader.${"A".repeat(22)}`,
  };
  const spliced = splice(text, values);
  const parsed = await simpleParser(spliced);
  const compose = await composerOf(scene, parsed);
  const composed = await simpleParser(await compose(values.address));
  const same = isDeepStrictEqual(readableOf(parsed), readableOf(composed));

  const pieces = text.slots.map((slot, index) => ({ before: text.parts[index] ?? "", slot }));
  const last = text.parts.at(-1) ?? "";
  const bare = (): string => {
    let mail = "";
    for (const { before, slot } of pieces) mail += before + values[slot];
    return mail + last;
  };
  // Strings put together are only noted as such until somebody reads them, so each becomes the bytes of a request.
  const bytesOf = (mail: string) => Buffer.from(mail, "latin1").length;
  const perMail = (count: number, run: () => unknown): number => {
    const began = performance.now();
    for (let done = 0; done < count; done += 1) run();
    return ((performance.now() - began) / count) * 1_000;
  };
  if (splice(text, values) !== bare()) throw new Error("the bare splice makes another mail");

  const againstBare = await compare(
    ROUNDS,
    () => perMail(SPLICES, () => bytesOf(splice(text, values))),
    () => perMail(SPLICES, () => bytesOf(bare())),
    progress,
  );
  const strings = await compare(
    ROUNDS,
    () => perMail(SPLICES, () => splice(text, values)),
    () => perMail(SPLICES, bare),
  );
  const againstComposing = await compare(
    ROUNDS,
    () => perMail(SPLICES, () => bytesOf(splice(text, values))),
    async () => {
      const began = performance.now();
      for (let done = 0; done < COMPOSITIONS; done += 1) bytesOf(await compose(values.address));
      return ((performance.now() - began) / COMPOSITIONS) * 1_000;
    },
    progress,
  );
  // Rates, so that more is better: the inverse of the times' ratio.
  const ofBare = 1 / againstBare.ratio;
  const ofComposing = 1 / againstComposing.ratio;
  return {
    findings: [
      {
        what: "splice against a bare splice of strings, to bytes",
        result: `${rounded(median(againstBare.ours), 2)} / ${rounded(median(againstBare.limit), 2)} us = ${rounded(ofBare, 2)} of its speed`,
        goal: ">= 0.5",
        met: ofBare >= 0.5,
      },
      {
        what: "splice against composing with nodemailer",
        result: `${rounded(median(againstComposing.ours), 2)} / ${rounded(median(againstComposing.limit))} us = ${rounded(ofComposing)} x its speed`,
        goal: ">= 100 x",
        met: ofComposing >= 100,
      },
      { what: "mailparser reads the same in both", result: same ? "equal" : "different", goal: "equal", met: same },
    ],
    details: { mailBytes: spliced.length, microseconds: { againstBare, strings, againstComposing } },
  };
};

/** Composes the same mail for one recipient, from what is left when the templates have rendered. */
async function composerOf(scene: Scene, mail: ParsedMail) {
  const { composeMail } = await renderer();
  const { text = "", html, from, headers, subject = "" } = mail;
  const { page, incident } = scene.source;
  const update = updateOf(scene);
  const [sender] = from?.value ?? [];
  const address = sender?.address ?? "";
  const host = /<incident-[^@]+@([^>]+)>/.exec(String(headers.get("references")))?.[1] ?? "";
  const [unsubscribe = ""] = /https:\/\/\S+\/unsubscribe\/\S+/.exec(text) ?? [];
  return (to: string): Promise<string> =>
    composeMail({
      from: { name: page.name, address },
      host,
      to,
      subject,
      text,
      html: html || "",
      seed: `update|${update.id}`,
      date: update.createdAt,
      thread: `<incident-${incident.id}@${host}>`,
      headers: {
        "List-Unsubscribe": `<${unsubscribe}>`,
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": `<${page.id}.${host}>`,
      },
    });
}

/** Everything that a mail program makes of it. */
function readableOf(mail: ParsedMail) {
  const { headers, text, html, attachments } = mail;
  return {
    headers: [...headers].map(([name, value]) => [name, name === "content-type" ? null : value]),
    text,
    html,
    attachments,
  };
}
