import type { ApiKey } from "../../functions/core/api-key.ts";
import type { KeyStore } from "../../functions/store/keys/key-store.ts";

/** The keys table in memory. */
export function memoryKeyStore(): KeyStore {
  const keys = new Map<string, ApiKey>();
  return {
    async putKey(key, by) {
      if (by !== null && keys.get(by.id)?.version !== by.version) return false;
      keys.set(key.id, structuredClone(key));
      return true;
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

    async endKey(keyId, now) {
      const key = keys.get(keyId);
      if (key === undefined || key.revokedAt !== null) return null;
      const ended = { ...key, revokedAt: now, previous: null, version: key.version + 1 };
      keys.set(keyId, ended);
      return structuredClone(ended);
    },

    async touchKey({ id, version }, secret, now) {
      const key = keys.get(id);
      if (key?.version === version) key[secret === "current" ? "lastUsedAt" : "previousUsedAt"] = now;
    },
  };
}
