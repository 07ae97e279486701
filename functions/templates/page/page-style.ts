import { createHash } from "node:crypto";
import { textOn } from "../brand-colour.ts";
import { SIGN_UP_STYLE } from "./sign-up-style.ts";

/**
 * The one stylesheet of every page, inline and allowed by its hash. Text colours have at least 4.5:1 on their ground in
 * both schemes (WCAG 2.2 AA). The `tone-*` classes carry the colour of a status, an impact or an indicator.
 */
const STYLESHEET = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --line: #e2e5ea; --line-strong: #cfd4db;
  --ink: #161b22; --ink-2: #4d5663; --ink-3: #5f6875; --link: #1b57c4;
  --shadow: 0 1px 2px rgba(22, 27, 34, .05), 0 4px 16px rgba(22, 27, 34, .04);
  --ok: #0c7a4d; --ok-soft: #e5f5ed; --ok-solid: #0c7a4d; --ok-on: #ffffff;
  --info: #1b57c4; --info-soft: #e8f0fe; --info-solid: #1b57c4; --info-on: #ffffff;
  --minor: #8a5700; --minor-soft: #fff4d9; --minor-solid: #f6bd3a; --minor-on: #2d1f00;
  --major: #b0430a; --major-soft: #ffeee3; --major-solid: #c4500f; --major-on: #ffffff;
  --critical: #b81d2c; --critical-soft: #fdebec; --critical-solid: #c22231; --critical-on: #ffffff;
  --calm: #4d5663; --calm-soft: #eef0f3; --calm-solid: #4d5663; --calm-on: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116; --card: #161b22; --line: #272e38; --line-strong: #3a4350;
    --ink: #eef1f5; --ink-2: #b3bcc8; --ink-3: #98a2b0; --link: #82aefc;
    --shadow: none;
    --ok: #4cc38a; --ok-soft: #11291f; --ok-solid: #12613f; --ok-on: #ffffff;
    --info: #82aefc; --info-soft: #14233d; --info-solid: #234f9e; --info-on: #ffffff;
    --minor: #f2c14e; --minor-soft: #2d2410; --minor-solid: #e3aa2c; --minor-on: #231800;
    --major: #ff9a61; --major-soft: #321e12; --major-solid: #a5440e; --major-on: #ffffff;
    --critical: #ff8790; --critical-soft: #351719; --critical-solid: #a81f2c; --critical-on: #ffffff;
    --calm: #b3bcc8; --calm-soft: #20262f; --calm-solid: #4d5663; --calm-on: #ffffff;
  }
}
.tone-ok { --tone: var(--ok); --soft: var(--ok-soft); --solid: var(--ok-solid); --on: var(--ok-on); }
.tone-info { --tone: var(--info); --soft: var(--info-soft); --solid: var(--info-solid); --on: var(--info-on); }
.tone-minor { --tone: var(--minor); --soft: var(--minor-soft); --solid: var(--minor-solid); --on: var(--minor-on); }
.tone-major { --tone: var(--major); --soft: var(--major-soft); --solid: var(--major-solid); --on: var(--major-on); }
.tone-critical { --tone: var(--critical); --soft: var(--critical-soft); --solid: var(--critical-solid); --on: var(--critical-on); }
.tone-calm { --tone: var(--calm); --soft: var(--calm-soft); --solid: var(--calm-solid); --on: var(--calm-on); }

*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, Segoe UI, Roboto, Ubuntu, Cantarell, Noto Sans, Helvetica Neue, Arial, sans-serif;
  -webkit-font-smoothing: antialiased; text-rendering: optimizeLegibility; overflow-wrap: anywhere;
}
h1, h2, h3, h4, p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
ul.plain, ol.plain { list-style: none; }
a { color: var(--link); text-underline-offset: .18em; text-decoration-thickness: 1px; }
a:hover { text-decoration-thickness: 2px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; border-radius: 4px; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 16px; top: 12px; z-index: 1; padding: 8px 14px; background: var(--card); border-radius: 8px; }
.wrap { max-width: 800px; margin: 0 auto; padding: 0 24px; }
.muted { color: var(--ink-3); }
.small { font-size: 14px; line-height: 1.5; }
time { font-variant-numeric: tabular-nums; }

.top { padding: 40px 0 28px; }
.top .wrap { display: flex; align-items: center; justify-content: space-between; gap: 20px; flex-wrap: wrap; }
.brand { display: inline-flex; align-items: center; gap: 12px; color: var(--ink); font-size: 22px; font-weight: 700; letter-spacing: -.015em; line-height: 1.25; text-decoration: none; }
a.brand:hover { text-decoration: underline; text-decoration-thickness: 2px; }
.nav { display: flex; gap: 4px; margin: 0 -12px; }
.nav a { display: inline-block; padding: 8px 12px; border-radius: 8px; color: var(--ink-2); font-size: 15px; font-weight: 550; text-decoration: none; }
.nav a:hover { background: var(--card); color: var(--ink); box-shadow: var(--shadow); }
.logo { display: block; width: auto; max-width: min(260px, 60vw); height: 40px; object-fit: contain; object-position: left; }
.branded { margin-bottom: 32px; padding: 22px 0; }

.banner { display: flex; align-items: center; gap: 18px; padding: 24px 28px; border-radius: 16px; background: var(--solid); color: var(--on); }
.banner svg { flex: none; width: 36px; height: 36px; }
.banner p.state { font-size: 23px; font-weight: 680; letter-spacing: -.015em; line-height: 1.25; }
.banner p.since { margin-top: 3px; font-size: 14px; line-height: 1.45; }

section { margin-top: 52px; }
section > h2, .section-head h2 { font-size: 19px; font-weight: 680; letter-spacing: -.01em; line-height: 1.3; }
.section-head { display: flex; align-items: baseline; justify-content: space-between; gap: 8px 16px; flex-wrap: wrap; }
.card { margin-top: 16px; border: 1px solid var(--line); border-radius: 14px; background: var(--card); box-shadow: var(--shadow); overflow: hidden; }

.incident-card { border-color: var(--line); border-left: 4px solid var(--solid); }
.incident-card > header { padding: 22px 26px 0; }
.incident-card h3 { font-size: 19px; font-weight: 660; letter-spacing: -.01em; line-height: 1.35; }
.incident-card h3 a { color: var(--ink); text-decoration: none; }
.incident-card h3 a:hover { text-decoration: underline; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
.chip { display: inline-flex; align-items: center; gap: 7px; padding: 3px 11px; border-radius: 999px; background: var(--soft); color: var(--tone); font-size: 13.5px; font-weight: 620; line-height: 1.5; }
.facts { margin-top: 10px; color: var(--ink-2); font-size: 14.5px; line-height: 1.55; }
.incident-card .affected { padding: 0 26px 22px; }
.affected { color: var(--ink-2); font-size: 14.5px; line-height: 1.6; }

.updates { padding: 20px 26px 24px; }
.update { position: relative; padding: 0 0 24px 26px; }
.update:last-child { padding-bottom: 0; }
.update::before { content: ""; position: absolute; left: 2px; top: 8px; width: 10px; height: 10px; border-radius: 50%; background: var(--solid); }
.update::after { content: ""; position: absolute; left: 6px; top: 26px; bottom: -4px; width: 2px; background: var(--line); }
.update:last-child::after { display: none; }
.update .label { font-size: 16px; font-weight: 660; line-height: 1.6; }
.update .posted { display: block; margin-top: 8px; color: var(--ink-3); font-size: 13.5px; line-height: 1.5; }

.prose { margin-top: 4px; color: var(--ink-2); }
.prose > * + * { margin-top: 12px; }
.prose h3, .prose h4 { margin-top: 22px; color: var(--ink); font-size: 16px; font-weight: 660; line-height: 1.4; }
.prose h3 + *, .prose h4 + * { margin-top: 6px; }
.prose > h3:first-child, .prose > h4:first-child { margin-top: 8px; }
.prose ul, .prose ol { padding-inline-start: 24px; }
.prose li + li { margin-top: 4px; }
.prose strong { color: var(--ink); }
.prose code { padding: 1px 5px; border-radius: 5px; background: var(--calm-soft); font: .9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.prose pre { padding: 14px 16px; border-radius: 10px; background: var(--calm-soft); overflow-x: auto; }
.prose pre code { padding: 0; background: none; }
.prose blockquote { margin: 12px 0 0; padding-inline-start: 16px; border-inline-start: 3px solid var(--line-strong); }
.prose .table { overflow-x: auto; }
.prose table { border-collapse: collapse; overflow-wrap: normal; }
.prose th, .prose td { padding: 6px 12px; border: 1px solid var(--line); text-align: start; }
.prose hr { border: 0; border-top: 1px solid var(--line); }

.rows > li + li, .group-rows > li { border-top: 1px solid var(--line); }
/* A state beside its name where both have room, below it where they have not. */
.row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 4px 20px; padding: 15px 22px; }
.row .name { flex: 1 1 9em; min-width: 0; font-weight: 570; line-height: 1.45; }
.row .about { display: block; color: var(--ink-3); font-size: 13.5px; font-weight: 400; }
.state-text { flex: none; display: inline-flex; align-items: center; gap: 9px; color: var(--tone); font-size: 14.5px; font-weight: 590; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; background: var(--solid); }
summary { list-style: none; cursor: pointer; }
summary.row { column-gap: 0; }
summary .state-text { margin-left: 23px; }
summary::-webkit-details-marker { display: none; }
summary:hover .name { text-decoration: underline; text-underline-offset: .18em; text-decoration-thickness: 1px; }
summary:focus-visible { outline-offset: -3px; border-radius: 12px; }
summary .chevron { flex: none; width: 8px; height: 8px; margin: 0 12px 2px 3px; border: solid var(--ink-3); border-width: 0 2px 2px 0; transform: rotate(-45deg); }
details[open] summary .chevron { transform: rotate(45deg); }
summary .count { margin-inline-start: 8px; color: var(--ink-3); font-size: 13.5px; font-weight: 450; }
.group-rows { background: var(--ground); }
.group-rows .row { padding: 11px 22px 11px 45px; }
.group-rows .name { font-weight: 470; }

.day { margin-top: 24px; }
.day > h3 { padding-bottom: 8px; border-bottom: 1px solid var(--line); color: var(--ink-2); font-size: 14.5px; font-weight: 620; }
.past { padding: 18px 0 4px; }
.past h4 { font-size: 17px; font-weight: 640; line-height: 1.4; }
.past h4 a, .report-list a { color: var(--tone); text-decoration: none; }
.past h4 a:hover, .report-list a:hover { text-decoration: underline; }
.empty { margin-top: 12px; color: var(--ink-3); }

.follow { display: grid; grid-template-columns: repeat(3, 1fr); gap: 12px; margin-top: 16px; }
.follow a { display: block; padding: 16px 18px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--ink); font-weight: 620; line-height: 1.4; text-decoration: none; box-shadow: var(--shadow); }
.follow a:hover { border-color: var(--link); }
.follow span { display: block; margin-top: 3px; color: var(--ink-3); font-size: 13.5px; font-weight: 400; }

.report { padding-top: 12px; }
.report h1 { font-size: 32px; font-weight: 720; letter-spacing: -.022em; line-height: 1.2; }
.report .chips { margin-top: 18px; }
.report .facts { margin-top: 16px; font-size: 15px; }
.report > .card { margin-top: 28px; border-top: 4px solid var(--solid); }
.report .updates { padding: 30px 32px 32px; }
.report .update { padding-bottom: 34px; }
.report .update:last-child { padding-bottom: 0; }
.report .update .label { font-size: 18px; line-height: 1.45; }
.report .prose { margin-top: 6px; }
.report .updates + .affected { padding: 20px 32px 24px; border-top: 1px solid var(--line); background: var(--ground); }
.back { display: inline-block; margin-top: 32px; font-size: 15px; font-weight: 570; }

.report-list > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 20px; align-items: baseline; padding: 16px 22px; }
.report-list > li + li { border-top: 1px solid var(--line); }
.report-list a { font-weight: 620; line-height: 1.4; }
.report-list .chip { align-self: center; }
.report-list .facts { grid-column: 1 / -1; margin-top: 2px; font-size: 14px; }

.bottom { margin-top: 72px; padding: 26px 0 48px; border-top: 1px solid var(--line); color: var(--ink-3); font-size: 14px; }
.bottom .wrap { display: flex; justify-content: space-between; gap: 8px 24px; flex-wrap: wrap; }
.bottom a { color: inherit; }
.lost { padding: 56px 0 24px; text-align: center; }
.lost h1 { font-size: 30px; font-weight: 720; letter-spacing: -.02em; line-height: 1.25; }
.lost p { max-width: 30em; margin: 14px auto 0; color: var(--ink-2); }

@media (max-width: 600px) {
  .wrap { padding: 0 16px; }
  .top { padding: 24px 0 20px; }
  .brand { font-size: 20px; }
  .banner { gap: 14px; padding: 20px; border-radius: 14px; }
  .banner svg { width: 30px; height: 30px; }
  .banner p.state { font-size: 20px; }
  section { margin-top: 40px; }
  .incident-card > header { padding: 18px 18px 0; }
  .incident-card .affected { padding: 0 18px 18px; }
  .updates { padding: 18px 18px 20px; }
  .row { padding: 13px 16px; }
  .group-rows .row { padding: 10px 16px 10px 39px; }
  .follow { grid-template-columns: 1fr; }
  .report h1 { font-size: 26px; }
  .report .updates { padding: 24px 18px; }
  .report .updates + .affected { padding: 18px; }
  .report-list > li { padding: 14px 16px; }
  .bottom { margin-top: 56px; }
}
@media (prefers-color-scheme: dark) { .dot, .update::before { background: var(--tone); } }
/* Most logos are made for light ground. */
@media (prefers-color-scheme: dark) { .top:not(.branded) .logo { height: 52px; padding: 6px 8px; border-radius: 8px; background: #ffffff; } }
@media print {
  .nav, .follow-section, .bottom { display: none; }
  .card { box-shadow: none; break-inside: avoid; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;

interface PageStyle {
  sheet: string;
  /** `'sha256-…'` for `style-src`: no other style runs, inline or not. */
  source: string;
}

const styles = new Map<string | null, PageStyle>();

/** The sheet of a page with that brand colour, `#rrggbb`. */
export function pageStyle(colour: string | null): PageStyle {
  const known = styles.get(colour);
  if (known !== undefined) return known;
  const shared = STYLESHEET + SIGN_UP_STYLE;
  const sheet = colour === null ? shared : shared + brandRules(colour);
  const style = { sheet, source: `'sha256-${createHash("sha256").update(sheet).digest("base64")}'` };
  styles.set(colour, style);
  return style;
}

/** The same in both schemes, because it is the page's own colour. */
function brandRules(colour: string): string {
  const text = textOn(colour);
  return `.branded { background: ${colour}; color: ${text}; }
.branded .brand, .branded .nav a, .branded .nav a:hover { color: ${text}; }
.branded .nav a:hover { background: none; box-shadow: none; text-decoration: underline; }
.branded :focus-visible { outline-color: ${text}; }
`;
}
