import type { Estimate, ModelQuantity } from '../../result/bench/types.ts';
import { studentQuantile } from '../../upgrade/statistics.ts';
import { CHUNK_SAMPLES, type Facts, HEAD_MINUTES } from './facts.ts';
import { QUANTITIES } from './terms.ts';

const LEVEL = 0.95;
/** Half-width, relative, that each doubling beyond what was measured adds: nobody has seen whether the law holds there. */
const PER_DOUBLING = 0.1;
/**
 * What a finished chunk leaves in the heap: 32 bytes and a pointer to them, in a slice that grows by a quarter more than it
 * needs (`mmappedChunk` in Prometheus' head).
 */
const CHUNK_REFERENCE_BYTES = 42;
/** Resident bytes for each live one: GOGC is 75 % by default. */
const HEAP_GROWTH = 1.75;
/** Of a quantity of which the model says nothing. */
export const UNKNOWN: Estimate = { value: 0, low: 0, high: 0, level: 0 };

/** What a quantity comes to at these facts. Where they leave the range that was measured, the interval widens. */
export function estimateOf(quantity: ModelQuantity, facts: Facts): Estimate {
  return around(sumOf(quantity, facts), relativeHalfWidth(quantity, facts));
}

/** An estimate in another unit. */
export function times({ value, low, high, level }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor, level };
}

/** An estimate with what is known to come on top. */
export function plus({ value, low, high, level }: Estimate, more: number): Estimate {
  return { value: value + more, low: low + more, high: high + more, level };
}

/**
 * Resident bytes that the references of finished chunks add until the head is cut, three hours after it began: a sweep of
 * minutes does not see them.
 */
export function agedBytes(facts: Facts): number {
  const chunks = (HEAD_MINUTES * 60) / facts.interval / CHUNK_SAMPLES;
  return facts.series * Math.max(0, chunks - 1) * CHUNK_REFERENCE_BYTES * HEAP_GROWTH;
}

/** By a factor either way: far outside of what was measured, half of it is as likely as twice. */
function around(value: number, half: number): Estimate {
  return { value, low: value / (1 + half), high: value * (1 + half), level: LEVEL };
}

function sumOf({ name, terms }: ModelQuantity, facts: Facts): number {
  const known = QUANTITIES.find((quantity) => quantity.name === name)?.terms ?? [];
  return terms.reduce((sum, { name: term, coefficient }) => {
    return sum + coefficient * (known.find((one) => one.name === term)?.of(facts) ?? 0);
  }, 0);
}

/** Student's interval by the spread of the residuals; points that were held out are the more honest ones. */
function relativeHalfWidth({ terms, residuals, range }: ModelQuantity, facts: Facts): number {
  const squares = (heldOut: boolean) => {
    const some = residuals.filter((r) => r.heldOut === heldOut).map(({ relative }) => relative ** 2);
    return { count: some.length, sum: some.reduce((sum, one) => sum + one, 0) };
  };
  const fitted = squares(false);
  const heldOut = squares(true);
  const freedom = Math.max(1, fitted.count - terms.length);
  const spread = Math.sqrt(Math.max(fitted.sum / freedom, heldOut.count === 0 ? 0 : heldOut.sum / heldOut.count));
  const half = studentQuantile((1 + LEVEL) / 2, freedom) * spread * Math.sqrt(1 + 1 / Math.max(1, fitted.count));
  return half + PER_DOUBLING * doublingsBeyond(range, facts);
}

/** How many doublings (or halvings) the facts lie outside of what was measured, where they do so most. */
function doublingsBeyond(range: ModelQuantity['range'], facts: Facts): number {
  const beyond = Object.entries(range).map(([name, [low, high]]) => {
    const value = facts[name as keyof Facts];
    if (value === undefined || value <= 0) return 0;
    if (value > high && high > 0) return Math.log2(value / high);
    return value < low ? Math.log2(low / value) : 0;
  });
  return Math.max(0, ...beyond);
}
