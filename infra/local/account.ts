export const REGION = "eu-central-1";
/** The account that the emulators put into their ARNs. */
export const ACCOUNT = "000000000000";
