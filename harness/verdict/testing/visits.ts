/** Array methods that visit all elements, or as many as it takes: each is counted as a visit of all. */
const METHODS = [
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'flatMap',
  'forEach',
  'includes',
  'indexOf',
  'map',
  'reduce',
  'some',
] as const;

/**
 * How many elements of arrays, sets and maps a synchronous function visits, by loops and by methods. A measure of its work that
 * is the same every time and on every machine, unlike time.
 */
export function countVisits(run: () => unknown): number {
  let visits = 0;
  const undo: (() => void)[] = [];
  const wrap = (prototype: object, name: PropertyKey, size: (self: never) => number): void => {
    const own = Object.getOwnPropertyDescriptor(prototype, name)!;
    const call = own.value as (...args: unknown[]) => unknown;
    const counting = function (this: never, ...args: unknown[]): unknown {
      visits += size(this);
      return call.apply(this, args);
    };
    Object.defineProperty(prototype, name, { ...own, value: counting });
    undo.push(() => Object.defineProperty(prototype, name, own));
  };
  const length = (self: { length: number }): number => self.length;
  const size = (self: { size: number }): number => self.size;
  for (const name of METHODS) wrap(Array.prototype, name, length);
  wrap(Array.prototype, Symbol.iterator, length);
  for (const collection of [Set.prototype, Map.prototype]) wrap(collection, Symbol.iterator, size);
  for (const name of ['values', 'keys', 'entries']) wrap(Map.prototype, name, size);
  try {
    run();
    return visits;
  } finally {
    for (const restore of undo.reverse()) restore();
  }
}
