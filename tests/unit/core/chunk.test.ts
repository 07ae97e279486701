import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chunkRange,
  chunksFor,
  chunksInForce,
  isOutgrown,
  isOver,
  PARTITIONS,
  partitionEnd,
  partitionOf,
  RECIPIENTS_PER_CHUNK,
} from "../../../functions/core/chunk.ts";
import { hashPosition } from "../../../functions/core/ids.ts";

/** As many chunks as an audience of 50 million subscribers by email would have. */
const MOST_CHUNKS = 1_000_000;

describe("chunkRange", () => {
  it.each([1, 2, 3, 7, 16, 32, 33, 63, 400, 20_000])(
    "splits all positions into %i ranges without gap or overlap",
    (of) => {
      const ranges = Array.from({ length: of }, (_, chunk) => chunkRange(chunk, of));
      let next = 0;
      for (const { from, to } of ranges.sort((a, b) => (a.from < b.from ? -1 : 1))) {
        expect(Number.parseInt(from, 16)).toBe(next);
        expect(to >= from).toBe(true);
        next = Number.parseInt(to, 16) + 1;
      }
      expect(next).toBe(2 ** 32);
    },
  );

  it("makes ranges of about the same size", () => {
    const place = fc
      .integer({ min: 1, max: MOST_CHUNKS })
      .chain((of) => fc.record({ of: fc.constant(of), chunk: fc.integer({ min: 0, max: of - 1 }) }));
    fc.assert(
      fc.property(place, ({ of, chunk }) => {
        const { from, to } = chunkRange(chunk, of);
        const size = Number.parseInt(to, 16) - Number.parseInt(from, 16) + 1;
        expect(Math.abs(size - 2 ** 32 / of)).toBeLessThan(1);
        expect(`${from}${to}`).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it.each([320, 1_000, 4_321])(
    "puts any %i chunks in a row into different partitions, and each into two at most",
    (of) => {
      const partitions = (chunk: number) => {
        const { from, to } = chunkRange(chunk, of);
        return [partitionOf(from), partitionOf(to)] as const;
      };
      for (let first = 0; first + PARTITIONS <= of; first += 7) {
        const begun = Array.from({ length: PARTITIONS }, (_, index) => partitions(first + index)[0]);
        const busiest = Math.max(...begun.map((one) => begun.filter((other) => other === one).length));
        expect(busiest).toBeLessThanOrEqual(2);
      }
      for (let chunk = 0; chunk < of; chunk += 1) {
        const [from, to] = partitions(chunk);
        expect(to - from).toBeLessThanOrEqual(1);
      }
    },
  );

  it("compares as text with the positions of subscribers", () => {
    const inside = (id: string, chunk: number) => {
      const { from, to } = chunkRange(chunk, 9);
      return hashPosition(id) >= from && hashPosition(id) <= to;
    };
    for (let number = 0; number < 500; number += 1) {
      const id = `subscriber${number}`;
      expect(Array.from({ length: 9 }, (_, chunk) => inside(id, chunk)).filter(Boolean)).toHaveLength(1);
    }
  });
});

describe("partitionOf", () => {
  it("cuts all positions into equal ranges, in order", () => {
    expect(partitionOf("00000000#abc")).toBe(0);
    expect(partitionOf("")).toBe(0);
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      const end = partitionEnd(partition);
      expect(partitionOf(end)).toBe(partition);
      expect(Number.parseInt(end, 16)).toBe(((partition + 1) * 2 ** 32) / PARTITIONS - 1);
    }
  });
});

describe("chunksFor", () => {
  it.each([
    { channel: "email", subscribers: 0, rate: null, chunks: 1 },
    { channel: "email", subscribers: 50, rate: null, chunks: 1 },
    { channel: "email", subscribers: 51, rate: null, chunks: 2 },
    { channel: "email", subscribers: 1_000_000, rate: 500, chunks: 20_000 },
    { channel: "webhook", subscribers: 26, rate: null, chunks: 2 },
    { channel: "sms", subscribers: 100, rate: 20, chunks: 5 },
    // A sandbox sends one mail a second: ten seconds are ten mails.
    { channel: "email", subscribers: 100, rate: 1, chunks: 10 },
    { channel: "email", subscribers: 3, rate: 0.01, chunks: 3 },
  ] as const)("$subscribers by $channel at $rate a second: $chunks", ({ channel, subscribers, rate, chunks }) => {
    expect(chunksFor(channel, subscribers, rate)).toBe(chunks);
  });

  it("never plans more recipients for a chunk than the channel allows", () => {
    fc.assert(
      fc.property(
        fc.nat(5_000_000),
        fc.option(fc.double({ min: 0.1, max: 5_000, noNaN: true })),
        (subscribers, rate) => {
          const chunks = chunksFor("email", subscribers, rate);
          expect(subscribers / chunks).toBeLessThanOrEqual(RECIPIENTS_PER_CHUNK.email);
          if (rate !== null) expect(subscribers / chunks).toBeLessThanOrEqual(Math.max(1, rate * 10));
        },
      ),
    );
  });
});

describe("a plan", () => {
  it("has the greatest of its updates' numbers in force", () => {
    expect(chunksInForce({ version: 3, fixed: { 1: 2, 2: 9, 4: 9 } })).toBe(9);
  });

  it("is outgrown when a chunk would hold more than twice what it should", () => {
    expect(isOutgrown(4, 8)).toBe(false);
    expect(isOutgrown(4, 9)).toBe(true);
    expect(isOutgrown(4, 1)).toBe(false);
  });

  it("may change once chunks are done and nobody in them is retried", () => {
    expect(isOver({ state: "done", retrying: [] })).toBe(true);
    expect(isOver({ state: "done", retrying: ["subscriber00"] })).toBe(false);
    expect(isOver({ state: "queued", retrying: [] })).toBe(false);
    expect(isOver({ state: "claimed", retrying: [] })).toBe(false);
  });
});
