import * as z from "zod/mini";
import { isSame } from "../core/is-same.ts";
import { brandColourSchema, logoUrlSchema, type Page } from "../core/page.ts";
import { timeZoneSchema } from "../core/time-zone.ts";
import { clearable, fieldsUnder, languageField, line, optional } from "../lambda/input.ts";
import { type ManageCall, type ManageDeps, type ManageReply, type ManageRoute, notFound } from "./call.ts";
import { presentPage } from "./presentation.ts";
import { saveWithRetry } from "./save-with-retry.ts";

const PAGE_NAME_LIMIT = 255;

/**
 * The page settings of Statuspage that Tocsin has. The others are accepted and ignored, so that scripts run through.
 * Tocsin's own: `locale`, `logo_url`, `brand_colour`.
 */
const settingsSchema = z.object({
  name: optional(line(PAGE_NAME_LIMIT)),
  time_zone: optional(timeZoneSchema),
  locale: optional(languageField),
  logo_url: clearable(logoUrlSchema),
  brand_colour: clearable(brandColourSchema),
});

export function pageRoutes(deps: ManageDeps): ManageRoute[] {
  const change = (call: ManageCall) => changeSettings(deps, call);
  return [
    {
      method: "GET",
      path: "/pages",
      scope: "pages:read",
      run: async ({ page }) => ({ status: 200, body: [presentPage(page, deps.pageUrl)] }),
    },
    {
      method: "GET",
      path: "/pages/{page}",
      scope: "pages:read",
      run: async ({ page }) => ({ status: 200, body: presentPage(page, deps.pageUrl) }),
    },
    { method: "PATCH", path: "/pages/{page}", scope: "pages:write", run: change },
    { method: "PUT", path: "/pages/{page}", scope: "pages:write", run: change },
  ];
}

async function changeSettings(deps: ManageDeps, call: ManageCall): Promise<ManageReply> {
  const settings = fieldsUnder("page", settingsSchema, call.body);
  const { page, ...reply } = await saveWithRetry<{ page: Page; unchanged?: true }>(deps, async () => {
    const stored = await deps.status.getPage(call.page.id);
    if (stored === null) throw notFound("page");
    const changed: Page = {
      ...stored,
      name: settings.name ?? stored.name,
      timeZone: settings.time_zone ?? stored.timeZone,
      locale: settings.locale ?? stored.locale,
      branding: {
        logoUrl: settings.logo_url === undefined ? stored.branding.logoUrl : settings.logo_url,
        colour: settings.brand_colour === undefined ? stored.branding.colour : settings.brand_colour,
      },
    };
    if (isSame(stored, changed)) {
      return { saved: { outcome: "committed" }, result: { page: stored, unchanged: true } };
    }
    const dated = { ...changed, updatedAt: Math.max(call.now, stored.updatedAt) };
    return { saved: await deps.status.savePage(dated), result: { page: dated } };
  });
  return { status: 200, body: presentPage(page, deps.pageUrl), ...reply };
}
