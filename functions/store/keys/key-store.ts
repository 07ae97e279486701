import type { ApiKey } from "../../core/api-key.ts";

/** Which of a key's two secrets was shown. */
export type UsedSecret = "current" | "previous";

/** The keys table: API keys and nothing else, so that only who manages keys can write them. */
export interface KeyStore {
  /** A new one, or over one of the same id. False: the key it is made with (`by`) was changed since it was read, or revoked. */
  putKey(key: ApiKey, by: Pick<ApiKey, "id" | "version"> | null): Promise<boolean>;
  getKey(keyId: string): Promise<ApiKey | null>;
  /** All of the page's that are remembered, ended ones too, in no particular order. */
  listKeys(pageId: string): Promise<ApiKey[]>;
  /** Stores it as the next version; false: somebody else was first, or it is gone. */
  saveKey(key: ApiKey): Promise<boolean>;
  /** Revokes it whatever version it is of, so that nobody who keeps changing it is in the way. Null: it was revoked before, or is gone. */
  endKey(keyId: string, now: number): Promise<ApiKey | null>;
  /** Unless the key was changed meanwhile: a secret that was just rotated out must not pass for the new one. */
  touchKey(key: Pick<ApiKey, "id" | "version">, secret: UsedSecret, now: number): Promise<void>;
}
