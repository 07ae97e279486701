import type { ApiKey } from "../../functions/core/api-key.ts";
import type { KeyStore } from "../../functions/store/keys.ts";

/** The keys table in memory. */
export function memoryKeyStore(): KeyStore {
  const keys = new Map<string, ApiKey>();
  return {
    async putKey(key) {
      keys.set(key.id, structuredClone(key));
    },

    async getKey(keyId) {
      return structuredClone(keys.get(keyId) ?? null);
    },

    async listKeys(pageId) {
      return structuredClone([...keys.values()].filter((key) => key.pageId === pageId));
    },

    async saveKey(key) {
      if (keys.get(key.id)?.version !== key.version) return false;
      keys.set(key.id, { ...structuredClone(key), version: key.version + 1 });
      return true;
    },

    async touchKey({ id, version }, secret, now) {
      const key = keys.get(id);
      if (key?.version === version) key[secret === "current" ? "lastUsedAt" : "previousUsedAt"] = now;
    },
  };
}
