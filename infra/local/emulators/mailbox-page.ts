import type { SentSms } from "./outbox.ts";

export interface ListedEmail {
  id: string;
  to: string;
  /** ISO 8601, UTC. */
  at: string;
  subject: string;
}

export interface ShownEmail {
  from: string;
  to: string;
  at: string;
  subject: string;
  html: string | null;
  text: string;
  raw: string;
}

const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f4f1, #16181b);
  --sheet: light-dark(#ffffff, #1f2226);
  --ink: light-dark(#1d2126, #e9e7e2);
  --quiet: light-dark(#5c636b, #a3a9b0);
  --line: light-dark(#dddad3, #343a40);
  --accent: light-dark(#8a3b12, #f0a878);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 60rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
a { color: var(--accent); }
.quiet { color: var(--quiet); }
.list { list-style: none; margin: 0; padding: 0; background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem; }
.list li { padding: .75rem 1rem; border-top: 1px solid var(--line); display: grid; gap: 0 1rem; grid-template-columns: 1fr auto; }
.list li:first-child { border-top: 0; }
.list .what { font-weight: 600; overflow-wrap: anywhere; grid-column: 1; }
.list .whom { color: var(--quiet); overflow-wrap: anywhere; grid-column: 1; }
.list time { color: var(--quiet); font-variant-numeric: tabular-nums; white-space: nowrap; grid-column: 2; grid-row: 1; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 1rem 0 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
iframe { display: block; width: 100%; height: 40rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
pre { margin: 0; padding: 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.5 ui-monospace, monospace; }
summary { cursor: pointer; font-weight: 600; margin: 2rem 0 .5rem; }
main { padding-bottom: 4rem; }
@media (max-width: 30rem) {
  .list li { grid-template-columns: 1fr; }
  .list time { grid-column: 1; grid-row: auto; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
}`;

// Replaces the list once something was sent, and otherwise leaves a page alone that somebody is reading.
const REFRESH = `
let shown = document.body.dataset.total;
setInterval(async () => {
  try {
    const total = await (await fetch("/count")).text();
    if (total === shown) return;
    const next = new DOMParser().parseFromString(await (await fetch("/", { headers: { accept: "text/html" } })).text(), "text/html");
    document.querySelector("main").replaceWith(next.querySelector("main"));
    shown = total;
  } catch {}
}, 2000);`;

export interface ListPage {
  emails: readonly ListedEmail[];
  sms: readonly SentSms[];
  /** How much was sent in all: from this the page knows when to look again. */
  total: number;
}

/** Newest first. */
export function listPage({ emails, sms, total }: ListPage): string {
  const body = `<header><h1>Outbox</h1><p class="quiet">Every email and SMS that left the local stack. Nothing here reached anybody. As JSON: <a href="/outbox">/outbox</a></p></header>
<main>
<h2 id="emails">Emails</h2>
${emails.length === 0 ? empty("No email yet. Sign up on the page, or post an incident.") : `<ul class="list" aria-labelledby="emails">${emails.map(emailItem).join("")}</ul>`}
<h2 id="sms">SMS</h2>
${sms.length === 0 ? empty("No SMS yet.") : `<ul class="list" aria-labelledby="sms">${sms.map(smsItem).join("")}</ul>`}
</main>
<script>${REFRESH}</script>`;
  return documentOf("Outbox", body, total);
}

function empty(text: string): string {
  return `<p class="quiet">${text}</p>`;
}

function emailItem({ id, to, at, subject }: ListedEmail): string {
  return `<li><a class="what" href="/emails/${escapeHtml(id)}">${escapeHtml(subject)}</a><span class="whom">to ${escapeHtml(to)}</span>${timeOf(at)}</li>`;
}

function smsItem({ to, at, text }: SentSms): string {
  return `<li><span class="what">${escapeHtml(text)}</span><span class="whom">to ${escapeHtml(to)}, ${text.length} characters</span>${timeOf(at)}</li>`;
}

export function emailPage({ from, to, at, subject, html, text, raw }: ShownEmail): string {
  // The frame runs no script and has no origin; its links open in a tab of their own.
  const frame =
    html === null
      ? ""
      : `<h2>As HTML</h2><iframe title="The email as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="${escapeHtml(`<base target="_blank">${html}`)}"></iframe>`;
  const body = `<header><p><a href="/">Outbox</a></p><h1>${escapeHtml(subject)}</h1>
<dl><dt>From</dt><dd>${escapeHtml(from)}</dd><dt>To</dt><dd>${escapeHtml(to)}</dd><dt>Accepted</dt><dd>${timeOf(at)}</dd></dl></header>
<main>${frame}
<details${html === null ? " open" : ""}><summary>As text</summary><pre>${linked(text)}</pre></details>
<details><summary>Source</summary><pre>${escapeHtml(raw)}</pre></details>
</main>`;
  return documentOf(subject, body, null);
}

function documentOf(title: string, body: string, total: number | null): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body${total === null ? "" : ` data-total="${total}"`}>
${body}
</body>
</html>
`;
}

function timeOf(at: string): string {
  return `<time datetime="${escapeHtml(at)}">${escapeHtml(at.slice(0, 19).replace("T", " "))} UTC</time>`;
}

/** Links in an email are readable only in its text part; this makes them clickable there. */
function linked(text: string): string {
  return escapeHtml(text).replace(
    /https?:\/\/[^\s<>"']+?(?=&gt;|&quot;|[\s.,)]*(?:\s|$))/g,
    (url) => `<a href="${url}" target="_blank" rel="noreferrer">${url}</a>`,
  );
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
