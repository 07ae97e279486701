/**
 * The environment of the operator's shell: it names the file with the settings, and holds the secrets that the settings
 * name.
 */
export const shell: Readonly<Record<string, string | undefined>> = process.env;
