import type { ApiKey } from "../core/api-key.ts";

/** Which of a key's two secrets was shown. */
export type UsedSecret = "current" | "previous";

/** The keys table: API keys and nothing else, so that only who manages keys can write them. */
export interface KeyStore {
  /** A new one, or over one of the same id. */
  putKey(key: ApiKey): Promise<void>;
  getKey(keyId: string): Promise<ApiKey | null>;
  /** All of the page's that are remembered, ended ones too, in no particular order. */
  listKeys(pageId: string): Promise<ApiKey[]>;
  /** Stores it as the next version; false: somebody else was first, or it is gone. */
  saveKey(key: ApiKey): Promise<boolean>;
  /** Unless the key was changed meanwhile: a secret that was just rotated out must not pass for the new one. */
  touchKey(key: Pick<ApiKey, "id" | "version">, secret: UsedSecret, now: number): Promise<void>;
}
