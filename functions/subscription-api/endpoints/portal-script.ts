import { createHash } from "node:crypto";

/**
 * Live refresh, the one script. It asks for the page's JSON while a delivery is open (or the user just asked for
 * something), less and less often. When the JSON has changed, it replaces the old parts of the page by the new ones.
 * The page is whole without it.
 */
export const SCRIPT = `
(() => {
  const live = () => document.getElementById("live");
  let wait = 1500;
  let asked = live().dataset.asked === "yes" ? 12 : 0;
  const isBusy = () => live().contains(document.activeElement) && document.activeElement.matches("select, input");
  const refresh = async () => {
    const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (next === null) return;
    for (const open of live().querySelectorAll("details[open]")) next.querySelector("#" + open.id)?.setAttribute("open", "");
    const focused = document.activeElement?.id;
    live().replaceWith(document.adoptNode(next));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };
  const look = async () => {
    try {
      if (!document.hidden && !isBusy()) {
        const answer = await fetch(location.pathname + location.search, { headers: { accept: "application/json" } });
        if (!answer.ok) return;
        const now = await answer.json();
        if (now.revision !== live().dataset.revision) {
          await refresh();
          wait = 1500;
        }
        asked -= 1;
        if (!now.open && asked <= 0) return;
      }
    } catch {}
    wait = Math.min(wait * 1.3, 15000);
    setTimeout(look, wait);
  };
  if (live().dataset.open === "yes" || asked > 0) setTimeout(look, wait);
})();
`;

export const SCRIPT_SOURCE = `'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'`;
