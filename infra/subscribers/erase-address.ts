import { z } from "zod";
import { type ApiClient, RefusedError } from "./api-client.ts";

const answerSchema = z.object({
  id: z.string().nullable(),
  mode: z.string().nullable(),
  state: z.string().nullable(),
  kept_hash: z.string().nullable(),
  contact_of: z.array(z.string()),
});

/** What was removed, in words; null: the page knows nothing of the address. */
export async function eraseAddress(
  address: string,
  country: string | undefined,
  api: ApiClient,
): Promise<string[] | null> {
  try {
    const body = named(address, country);
    return told(await api.call({ method: "POST", path: "/subscribers/erase", body }, answerSchema));
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return null;
    throw error;
  }
}

function named(address: string, country: string | undefined): Record<string, string | undefined> {
  if (address.includes("://")) return { endpoint: address };
  if (address.includes("@")) return { email: address };
  return { phone_number: address, phone_country: country };
}

function told({ id, mode, state, kept_hash, contact_of }: z.infer<typeof answerSchema>): string[] {
  const lines: string[] = [];
  if (id !== null) lines.push(`Erased the ${mode} subscriber ${id}, who was ${state}.`);
  if (kept_hash !== null) {
    lines.push(`A keyed hash of the address stays, so that it is not written to again (${kept_hash}).`);
  }
  for (const endpoint of contact_of)
    lines.push(`Took the address out of the endpoint ${endpoint}, which it was the contact of.`);
  return lines;
}
