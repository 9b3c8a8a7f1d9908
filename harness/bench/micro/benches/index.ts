import type { Bench } from '../types.ts';
import { DISTRIBUTIONS } from './distributions.ts';
import { PAGES } from './pages.ts';
import { PARSERS } from './parsers.ts';
import { RECONCILE } from './reconcile.ts';
import { TELEMETRY } from './telemetry.ts';

/**
 * All of them. What takes processes of its own stays apart: sim-services/service.bench.ts, `npm run bench:mesh` and
 * `npm run bench:pages` measure CPU seconds of others, which no yardstick in this process stands beside.
 */
export const BENCHES: readonly Bench[] = [...TELEMETRY, ...PAGES, ...RECONCILE, ...DISTRIBUTIONS, ...PARSERS];
