/**
 * How long each client of the SDK waits, in milliseconds: for a connection, for an answer to begin, and for an answer that
 * has begun to go on. Without them the SDK waits without end
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-smart-config-defaults.html: "legacy"), so that a call that hangs
 * would last until the function is ended, and put all its work in doubt.
 *
 * A time that is up is a `TimeoutError`, which the SDK tries again: three times in all (a table's four), unless the client says otherwise.
 */
interface SdkTimes {
  connectionTimeout: number;
  requestTimeout: number;
  socketTimeout: number;
  throwOnRequestTimeout: true;
}

function timesOf(connectionTimeout: number, answer: number): SdkTimes {
  return { connectionTimeout, requestTimeout: answer, socketTimeout: answer, throwOnRequestTimeout: true };
}

/**
 * For a call that sends something to people, and is made once. It is patient, because after a time-out its outcome is
 * unknown.
 */
export const SENDING_TIMES = timesOf(5_000, 15_000);

/** For queues, files, limits. With the SDK's three tries 12 s, less than the shortest function has (15 s). */
export const SERVICE_TIMES = timesOf(1_500, 4_000);

/**
 * For tables, which answer within some 10 ms. With the SDK's four tries some 6 s. Even so a write that store/repeat.ts
 * runs eight times ends within a sender's 60 s. One SYN may be lost on the way (RFC 6298: it is repeated after a
 * second).
 */
export const TABLE_TIMES = timesOf(1_200, 1_600);
