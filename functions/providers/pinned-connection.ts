import type { LookupFunction } from "node:net";
import type { buildConnector } from "undici";
import { isGlobalUnicast } from "./global-unicast.ts";

/** The request never left, because a rule of ours forbids the target. */
export class ForbiddenTarget extends Error {
  override name = "ForbiddenTarget";
}

type Address = { address: string; family: 4 | 6 };
/**
 * Name resolution. `dns.lookup` has four threads, so one hostile name server would stall everything: use
 * `dns.Resolver`.
 */
export interface Resolver {
  resolve4(hostname: string): Promise<string[]>;
  resolve6(hostname: string): Promise<string[]>;
}
/** Makes connectors that resolve names only by the function given. */
export type Connectors = (lookup: LookupFunction) => buildConnector.connector;

/**
 * Connects to global unicast addresses only. A name is resolved here, once for each connection. It is refused if
 * **any** of its answers is not global unicast. The connection is pinned to the answers checked: there is no second
 * look-up that a name server could answer otherwise. A literal never passes through a look-up, so it is checked itself.
 */
export function pinnedConnector(resolver: Resolver, connectors: Connectors): buildConnector.connector {
  const connect = connectors((hostname, options, callback) => {
    void resolveAll(resolver, hostname).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) return callback(new ForbiddenTarget("the name has no address"), "", 0);
        if (!addresses.every(({ address }) => isGlobalUnicast(address))) {
          return callback(new ForbiddenTarget("the name has an address that is not public"), "", 0);
        }
        return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
      },
      (error: Error) => callback(error, "", 0),
    );
  });
  return (options, callback) => {
    if (!isForbiddenLiteral(options.hostname)) return connect(options, callback);
    // Never in the same turn of the event loop: undici is not ready for an answer before its call has returned.
    queueMicrotask(() => callback(new ForbiddenTarget("the address is not public"), null));
  };
}

/** Whether the host of a URL is an address that must not be called. It says nothing about names. */
export function isForbiddenLiteral(hostname: string): boolean {
  return isLiteral(hostname) && !isGlobalUnicast(bare(hostname));
}

/** What a socket might take for an address and not resolve: digits and dots, or anything with a colon. */
function isLiteral(hostname: string): boolean {
  return /^[\d.]+$|:/.test(hostname);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

async function resolveAll(resolver: Resolver, hostname: string): Promise<Address[]> {
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const found: Address[] = [
    ...(v4.status === "fulfilled" ? v4.value.map((address): Address => ({ address, family: 4 })) : []),
    ...(v6.status === "fulfilled" ? v6.value.map((address): Address => ({ address, family: 6 })) : []),
  ];
  if (found.length === 0 && v4.status === "rejected") throw v4.reason;
  return found;
}
