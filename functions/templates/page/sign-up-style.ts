/** The style of the sign-up forms, in the terms of the page's sheet. */
export const SIGN_UP_STYLE = `
.sign-up { padding: 22px 24px; }
.sign-up label { font-size: 14.5px; font-weight: 600; }
.sign-up .line { display: flex; flex-wrap: wrap; gap: 10px; align-items: flex-end; margin-top: 6px; }
.sign-up .line > input, .sign-up .phone { flex: 1 1 220px; }
.sign-up .country { flex: 0 1 170px; }
.sign-up input:not([type=checkbox]), .sign-up select { width: 100%; min-height: 46px; padding: 9px 14px; border: 1px solid var(--ink-3); border-radius: 10px; background: var(--ground); color: var(--ink); font: inherit; font-size: 16px; }
.sign-up .line > input { width: auto; min-width: 0; }
.sign-up button, a.button { min-height: 46px; padding: 9px 20px; border: 0; border-radius: 10px; background: var(--info-solid); color: var(--info-on); font: inherit; font-weight: 620; cursor: pointer; }
.sign-up button:hover, a.button:hover { filter: brightness(1.1); }
a.button { display: inline-flex; align-items: center; text-decoration: none; }
.sign-up-link { margin-top: 16px; }
.sign-up .hint { margin-top: 8px; color: var(--ink-3); font-size: 13.5px; line-height: 1.5; }
.sign-up > .hint { margin: 0 0 14px; font-size: 14.5px; color: var(--ink-2); }
.sign-up details { margin-top: 14px; }
.sign-up summary { display: inline-flex; align-items: center; padding: 6px 8px 6px 0; font-size: 14.5px; font-weight: 570; }
.sign-up .by-sms { margin-top: 16px; padding-top: 10px; border-top: 1px solid var(--line); }
.sign-up .by-sms form { padding-top: 8px; }
.sign-up .ticks { margin-top: 6px; columns: 2; column-gap: 28px; }
.sign-up .ticks > * { break-inside: avoid; }
.sign-up fieldset { margin: 8px 0; padding: 0; border: 0; min-width: 0; }
.sign-up legend { padding: 0; color: var(--ink-2); font-size: 13.5px; font-weight: 620; }
.sign-up .tick { display: flex; gap: 10px; align-items: flex-start; padding: 6px 0; font-weight: 420; line-height: 1.45; cursor: pointer; }
.sign-up .tick input { flex: none; width: 18px; height: 18px; margin: 2px 0 0; accent-color: var(--info-solid); }
.sign-up .manage { margin-top: 14px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 14.5px; }
.sign-up + .follow { margin-top: 12px; }
@media (max-width: 600px) {
  .sign-up { padding: 18px; }
  .sign-up .line { align-items: stretch; flex-direction: column; }
  .sign-up .line > input, .sign-up .phone, .sign-up .country { flex: none; }
  .sign-up .ticks { columns: 1; }
}
`;
