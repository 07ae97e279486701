import type { ApiKey } from "../../core/api-key.ts";

/** Which of a key's two secrets was shown. */
export type UsedSecret = "current" | "previous";

/** The keys table: API keys and nothing else, so that only functions that manage keys can write them. */
export interface KeyStore {
  /**
   * Stores a new key, or overwrites the one with the same id. False: the key it is made with (`by`) was changed or
   * revoked since it was read.
   */
  putKey(key: ApiKey, by: Pick<ApiKey, "id" | "version"> | null): Promise<boolean>;
  getKey(keyId: string): Promise<ApiKey | null>;
  /** All of the page's keys that are remembered, ended ones too, in no particular order. */
  listKeys(pageId: string): Promise<ApiKey[]>;
  /** Stores it as the next version; false: somebody else was first, or it is gone. */
  saveKey(key: ApiKey): Promise<boolean>;
  /**
   * Revokes the key at any version, so that somebody who keeps changing it is not in the way. Null: it was revoked
   * before, or is gone.
   */
  endKey(keyId: string, now: number): Promise<ApiKey | null>;
  /**
   * Notes the use, unless the key was changed meanwhile: a secret that was just rotated out must not pass for the new
   * one.
   */
  touchKey(key: Pick<ApiKey, "id" | "version">, secret: UsedSecret, now: number): Promise<void>;
}
