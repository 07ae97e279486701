/** The variables for the API's address and a key, besides the command line. */
export const ENVIRONMENT: Readonly<Record<"TOCSIN_API_URL" | "TOCSIN_API_KEY", string | undefined>> = {
  TOCSIN_API_URL: process.env.TOCSIN_API_URL,
  TOCSIN_API_KEY: process.env.TOCSIN_API_KEY,
};
