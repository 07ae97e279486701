/** Now, as an instant: epoch milliseconds, UTC. All times in core and store are instants; they become text at the edges. */
export type Clock = () => number;

/** `count` bytes from a cryptographically secure source. */
export type Random = (count: number) => Uint8Array;
