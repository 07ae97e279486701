import type { Catalog, Component } from "../core/component.ts";
import type { Incident, Update } from "../core/incident.ts";
import type { ChangeNotice } from "../core/notice.ts";
import type { Page } from "../core/page.ts";
import type { Rendering, TextName } from "../core/rendering.ts";

/** Everything that the texts of an update are made from. */
export interface RenderSource {
  page: Page;
  catalog: Catalog;
  incident: Incident;
  /** Oldest first, up to and including `update`. */
  updates: readonly Update[];
  update: Update;
  now: number;
}

/** Everything that the texts of a component change are made from. */
export interface ChangeSource {
  page: Page;
  catalog: Catalog;
  /** The component as the change left it. */
  component: Component;
  notice: ChangeNotice;
  now: number;
}

export type RenderedText = TextName & { rendering: Rendering };

export interface RenderedUpdate {
  /** In every language and format that a subscriber may have. */
  texts: readonly RenderedText[];
  /** The webhook body as the topic publishes it: no recipient, so no unsubscribe link. */
  topic: string;
}

export interface RenderedChange {
  /** In every format that an endpoint may have, those for people in every language. */
  texts: readonly RenderedText[];
  /** The webhook body as the topic publishes it. */
  topic: string;
}
