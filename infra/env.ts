/** The environment of the operator's shell: which file has the settings, and the secrets that it names. */
export const shell: Readonly<Record<string, string | undefined>> = process.env;
