import type { Clock } from "../core/clock.ts";
import type { Page } from "../core/page.ts";
import type { SigningKey } from "../core/signing-key.ts";
import type { AccessStore } from "../store/access/access-store.ts";
import type { ServedPage } from "./page-of.ts";

/** A request of the public: the page to which it came, the page's key, and the time. */
export interface Visit<P = Page> {
  page: P;
  key: SigningKey;
  now: number;
}

export interface VisitDeps {
  access: Pick<AccessStore, "currentSigningKey">;
  servedPage: ServedPage;
  clock: Clock;
}

/** Throws 503 before the page was created. */
export async function visitOf({ access, servedPage, clock }: VisitDeps): Promise<Visit> {
  const now = clock();
  const page = await servedPage();
  return { page, key: await access.currentSigningKey(page.id), now };
}
