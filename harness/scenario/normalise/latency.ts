import type { Distribution } from '../../../sim-services/contract.ts';
import { formatDuration } from '../../core/units.ts';
import type { Path } from '../error.ts';
import type { LatencyEntry } from '../schema/latency.ts';
import type { Context } from './context.ts';

/** A latency as services follow it; reports quantiles and limits that contradict one another. */
export function toDistribution(entry: LatencyEntry, path: Path, context: Context): Distribution {
  if (typeof entry === 'number') return { kind: 'constant', ms: entry };
  switch (entry.distribution) {
    case 'constant':
      return { kind: 'constant', ms: entry.value };
    case 'uniform':
      if (entry.min > entry.max) {
        context.report([...path, 'max'], `max ${formatDuration(entry.max)} is below min`, 'exchange the two');
      }
      return { kind: 'uniform', minMs: entry.min, maxMs: entry.max };
    case 'normal':
      return { kind: 'normal', meanMs: entry.mean, stddevMs: entry.stddev };
    case 'bimodal':
      return {
        kind: 'bimodal',
        fast: toDistribution(entry.fast, [...path, 'fast'], context),
        slow: toDistribution(entry.slow, [...path, 'slow'], context),
        slowRate: entry.slowRate,
      };
    case 'lognormal':
      return lognormal(readQuantiles(entry, path, context), path, context);
    case 'empirical':
      return empirical(readQuantiles(entry, path, context), path, context);
  }
}

interface Quantile {
  key: string;
  q: number;
  ms: number;
}

function readQuantiles(entry: Record<string, unknown>, path: Path, context: Context): Quantile[] {
  const quantiles: Quantile[] = [];
  for (const [key, ms] of Object.entries(entry)) {
    if (key === 'distribution') continue;
    if (!/^p(\d{1,2}(\.\d{1,6})?|100)$/.test(key)) {
      context.report([...path, key], `unknown field \`${key.slice(0, 60)}\``, 'quantiles are written p50, p99, p99.9');
      continue;
    }
    // Through the decimal text: 99.9 / 100 is not the number 0.999.
    quantiles.push({ key, q: Number(`${key.slice(1)}e-2`), ms: ms as number });
  }
  quantiles.sort((a, b) => a.q - b.q);
  for (let i = 1; i < quantiles.length; i++) {
    const [low, high] = [quantiles[i - 1]!, quantiles[i]!];
    if (low.q === high.q) {
      context.report([...path, high.key], `${low.key} and ${high.key} are one quantile`, 'remove one of them');
    } else if (high.ms < low.ms) {
      context.report(
        [...path, high.key],
        `the quantiles do not ascend: ${high.key} is ${formatDuration(high.ms)}, ${low.key} is ${formatDuration(low.ms)}`,
        `let ${high.key} be ${formatDuration(low.ms)} or more`,
      );
    }
  }
  return quantiles;
}

function lognormal(quantiles: Quantile[], path: Path, context: Context): Distribution {
  const [low, high] = quantiles;
  const fallback: Distribution = { kind: 'constant', ms: 0 };
  if (!low || !high || quantiles.length !== 2) {
    context.report(path, `lognormal needs two quantiles, not ${quantiles.length}`, 'write p50 and p99, for example');
    return fallback;
  }
  for (const { key, q, ms } of [low, high]) {
    if (q <= 0 || q >= 1) context.report([...path, key], `lognormal has no ${key}`, 'use p1 to p99.9');
    if (ms <= 0) context.report([...path, key], `lognormal never takes 0s, as ${key} says`, 'write `1us` or more');
  }
  if (low.ms === high.ms) {
    context.report(
      [...path, high.key],
      `${low.key} and ${high.key} are the same`,
      `write \`latency: ${formatDuration(low.ms)}\` for one that is constant`,
    );
  }
  return { kind: 'lognormal', low: { q: low.q, ms: low.ms }, high: { q: high.q, ms: high.ms } };
}

function empirical(quantiles: Quantile[], path: Path, context: Context): Distribution {
  for (const [key, there] of [
    ['p0', quantiles.at(0)?.q === 0],
    ['p100', quantiles.at(-1)?.q === 1],
  ] as const) {
    if (!there)
      context.report(path, `empirical needs ${key}`, `add ${key}, the ${key === 'p0' ? 'shortest' : 'longest'}`);
  }
  return { kind: 'empirical', quantiles: quantiles.map(({ q, ms }) => ({ q, ms })) };
}
