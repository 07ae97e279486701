import { type Locale, localeOf } from "../core/locale.ts";
import type { HttpRequest } from "../lambda/http.ts";

/**
 * The language for somebody of whom nothing is known: that of the form they sent, or the first of `Accept-Language`
 * (RFC 9110, 12.5.4) that there is. Browsers list theirs by preference, so the weights do not matter.
 */
export function readerLocale(headers: HttpRequest["headers"], form = ""): Locale {
  const wanted = (headers["accept-language"] ?? "").split(",").map((range) => range.split(";", 1)[0] ?? "");
  const asked = [new URLSearchParams(form).get("locale"), ...wanted];
  for (const one of asked) {
    const known = localeOf(one ?? "");
    if (known !== null) return known;
  }
  return "en";
}
