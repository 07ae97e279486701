/**
 * `Math.max(...numbers)` puts every number on the stack and throws a RangeError from some 100,000 on. These take any
 * number of them.
 */
export function greatest(numbers: Iterable<number>): number | null {
  let found: number | null = null;
  for (const number of numbers) if (found === null || number > found) found = number;
  return found;
}

export function least(numbers: Iterable<number>): number | null {
  let found: number | null = null;
  for (const number of numbers) if (found === null || number < found) found = number;
  return found;
}
