import { createHash } from "node:crypto";
import { pageStyle } from "../../templates/page/page-style.ts";

/** The status page's own sheet, and the rules that only the portal has. */
export const PORTAL_STYLESHEET = `${pageStyle(null).sheet}
.portal { padding: 36px 0 72px; }
.portal .wrap { max-width: 880px; }
.portal .over { color: var(--ink-2); font-size: 15px; font-weight: 600; }
.portal .over a { color: inherit; }
.portal h1 { margin-top: 4px; font-size: 30px; font-weight: 720; letter-spacing: -.02em; line-height: 1.2; overflow-wrap: anywhere; }
.portal .address { margin-top: 6px; color: var(--ink-3); font: 13.5px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.notice { margin-top: 20px; padding: 14px 20px; border-radius: 12px; background: var(--soft); color: var(--tone); font-weight: 570; line-height: 1.5; }
.state { display: flex; align-items: center; justify-content: space-between; gap: 14px 24px; flex-wrap: wrap; margin-top: 24px; padding: 22px 26px; border: 1px solid var(--line); border-left: 5px solid var(--solid); border-radius: 14px; background: var(--card); box-shadow: var(--shadow); }
.state > div { flex: 1 1 320px; min-width: 0; }
.state h2 { display: flex; align-items: center; gap: 10px; font-size: 20px; font-weight: 680; letter-spacing: -.01em; line-height: 1.3; }
.state p { margin-top: 4px; color: var(--ink-2); font-size: 15px; line-height: 1.55; }
.button { display: inline-block; min-height: 42px; padding: 9px 18px; border: 1px solid var(--line-strong); border-radius: 10px; background: var(--card); color: var(--ink); font: inherit; font-size: 15px; font-weight: 600; line-height: 1.4; cursor: pointer; text-decoration: none; }
.button:hover { border-color: var(--link); color: var(--link); }
.button.main { border-color: var(--info-solid); background: var(--info-solid); color: var(--info-on); }
.button.main:hover { filter: brightness(1.1); color: var(--info-on); }
.button.grave { border-color: var(--critical-solid); background: var(--critical-solid); color: var(--critical-on); }
.button.small { min-height: 34px; padding: 5px 13px; font-size: 14px; }
.actions { display: flex; gap: 12px; flex-wrap: wrap; align-items: flex-end; margin-top: 20px; }
.actions form { display: flex; gap: 10px; flex-wrap: wrap; align-items: flex-end; }
.field { display: block; color: var(--ink-2); font-size: 14px; font-weight: 600; }
select, input[type="text"], input[type="url"] { display: block; min-height: 42px; margin-top: 4px; padding: 8px 12px; border: 1px solid var(--line-strong); border-radius: 10px; background: var(--card); color: var(--ink); font: inherit; font-size: 15px; font-weight: 450; max-width: 100%; }
.actions select { width: 100%; }
input[type="url"] { width: 100%; }
.known { display: grid; grid-template-columns: max-content 1fr; gap: 7px 24px; padding: 20px 26px; font-size: 15px; line-height: 1.5; }
.known dt { color: var(--ink-3); }
.known dd { min-width: 0; overflow-wrap: anywhere; }
.delivery + .delivery { border-top: 1px solid var(--line); }
.delivery > summary { display: grid; grid-template-columns: auto 1fr auto; gap: 2px 4px; align-items: center; padding: 14px 22px; }
.delivery .title { min-width: 0; font-weight: 600; line-height: 1.45; overflow-wrap: anywhere; }
.delivery .when { grid-column: 2 / -1; color: var(--ink-3); font-size: 13.5px; line-height: 1.5; }
.delivery .chip { margin-left: 12px; }
.delivery summary:hover .title { text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .18em; }
.tries { padding: 2px 22px 20px 45px; }
.tries > p { color: var(--ink-2); font-size: 14.5px; line-height: 1.55; }
.tries .answers { margin-top: 10px; }
.answers li { padding: 9px 0; border-top: 1px solid var(--line); font-size: 14px; line-height: 1.5; }
.answers .line { display: flex; gap: 2px 16px; flex-wrap: wrap; color: var(--ink-2); font-variant-numeric: tabular-nums; }
.answers .line strong { color: var(--ink); }
.answers pre { margin-top: 6px; padding: 8px 12px; border-radius: 8px; background: var(--calm-soft); color: var(--ink); font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.tries form { margin-top: 12px; }
.more { padding: 14px 22px; border-top: 1px solid var(--line); font-size: 15px; font-weight: 570; }
.nothing { padding: 22px 26px; color: var(--ink-3); }
.box { padding: 22px 26px; }
.box p { color: var(--ink-2); font-size: 15px; line-height: 1.6; }
.box p + form, .box p + p, .box form + p { margin-top: 14px; }
.box .button { margin-top: 2px; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
fieldset + fieldset, fieldset + .field, .field + .button { margin-top: 22px; }
.box .field + .button { display: inline-block; margin-top: 22px; }
legend { padding: 0; color: var(--ink); font-size: 15px; font-weight: 650; }
.choice { display: flex; align-items: baseline; gap: 10px; margin-top: 7px; font-size: 15px; line-height: 1.5; }
.choice input { flex: none; width: 16px; height: 16px; accent-color: var(--link); transform: translateY(2px); margin: 0; }
.choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 0 20px; margin: 0 0 0 26px; }
.secret { display: block; margin-top: 12px; padding: 14px 18px; border-radius: 10px; background: var(--calm-soft); color: var(--ink); font: 15px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; user-select: all; }
.settings > details + details { border-top: 1px solid var(--line); }
.settings > details > summary { display: flex; align-items: center; padding: 16px 22px; font-weight: 600; }
.settings .box { padding: 2px 26px 24px 45px; }
@media (max-width: 600px) {
  .portal { padding: 24px 0 56px; }
  .portal h1 { font-size: 24px; }
  .state, .box, .known { padding: 18px; }
  .state { padding: 18px 18px 18px 16px; }
  .known { grid-template-columns: 1fr; gap: 1px; }
  .known dd { margin-bottom: 9px; }
  .delivery > summary { grid-template-columns: auto 1fr; padding: 13px 16px; }
  .delivery .chip { grid-column: 2; justify-self: start; margin: 5px 0 1px; }
  .tries { padding: 2px 16px 18px 16px; }
  .settings > details > summary { padding: 15px 16px; }
  .settings .box { padding: 2px 16px 20px; }
  .choices { grid-template-columns: 1fr; }
}
`;

export const PORTAL_STYLE_SOURCE = `'sha256-${createHash("sha256").update(PORTAL_STYLESHEET).digest("base64")}'`;
