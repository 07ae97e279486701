import type { HttpRoute } from "../lambda/http.ts";

const FOR_A_DAY = { "cache-control": "public, max-age=86400" } as const;

/**
 * Answers what browsers and search engines ask of every host by themselves. Search engines should find nothing here.
 */
export function robotRoutes(): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/robots.txt",
      run: async () => ({
        status: 200,
        headers: { ...FOR_A_DAY, "content-type": "text/plain; charset=utf-8" },
        body: "User-agent: *\nDisallow: /\n",
      }),
    },
    { method: "GET", path: "/favicon.ico", run: async () => ({ status: 204, headers: FOR_A_DAY }) },
  ];
}
