import { type Quantile, quantileOf } from '../../../../sim-services/behaviour/distribution.ts';
import { uniformFrom } from '../../../../sim-services/behaviour/random.ts';
import type { Distribution } from '../../../../sim-services/contract.ts';
import type { Bench, Ready } from '../types.ts';

const LOGNORMAL: Distribution = { kind: 'lognormal', low: { q: 0.5, ms: 10 }, high: { q: 0.99, ms: 120 } };
const KINDS: readonly Distribution[] = [
  { kind: 'constant', ms: 5 },
  { kind: 'uniform', minMs: 1, maxMs: 9 },
  { kind: 'normal', meanMs: 20, stddevMs: 4 },
  LOGNORMAL,
  { kind: 'bimodal', fast: LOGNORMAL, slow: { kind: 'constant', ms: 400 }, slowRate: 0.05 },
  {
    kind: 'empirical',
    quantiles: [
      { q: 0, ms: 1 },
      { q: 0.5, ms: 8 },
      { q: 0.99, ms: 90 },
      { q: 1, ms: 300 },
    ],
  },
];
const DRAWS = 1000;

/** Latencies that the synthetic services draw. */
export const DISTRIBUTIONS: readonly Bench[] = [
  { name: 'distributions: samples of each kind', unit: 'sample', setUp: sampling },
];

function sampling(): Ready {
  const uniform = uniformFrom('bench');
  const quantiles: Quantile[] = KINDS.map(quantileOf);
  return {
    unitsPerRun: DRAWS * quantiles.length,
    run() {
      let sum = 0;
      for (const sample of quantiles) for (let i = 0; i < DRAWS; i++) sum += sample(uniform());
      return sum;
    },
  };
}
