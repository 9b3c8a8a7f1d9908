import type { FaultCase } from '../types.ts';
import { type Among, anyTime, drawPods, nothing, type OfPods, ofPods } from './of-pods.ts';

type Common = Pick<OfPods<'admin-denied'>, 'pods' | 'atMs'>;

const among = (who: Among): Common => ({ pods: (scenario, random) => drawPods(scenario, random, who), atMs: anyTime });
const anybody = among('everybody');

/** What is wrong with proxies' admin ports, and with the pages behind them. */
export const PAGE_CASES: readonly FaultCase[] = [
  ofPods({
    name: 'admin-port-denied',
    cause: 'admin-port-denied',
    type: 'admin-denied',
    params: nothing,
    ...anybody,
  }),
  ofPods({
    name: 'admin-port-dropped',
    cause: 'admin-port-dropped',
    type: 'admin-dropped',
    params: nothing,
    ...anybody,
    inCluster: true,
  }),
  ofPods({
    name: 'admin-port-refused',
    cause: 'admin-port-refused',
    type: 'admin-refused',
    params: nothing,
    ...anybody,
    inCluster: true,
  }),
  ofPods({
    name: 'plaintext-to-tls-port',
    cause: 'plaintext-to-tls-port',
    type: 'admin-tls-only',
    params: nothing,
    ...anybody,
  }),
  ofPods({
    name: 'scrape-timeout',
    cause: 'scrape-timeout',
    type: 'slow-page',
    // The timeout is the interval; whoever reads the page with more patience still gets it.
    params: (random, { mesh }) => ({ delayMs: mesh.scrapeIntervalMs + random.int(200, 900) }),
    ...anybody,
  }),
  ofPods({
    name: 'page-malformed',
    cause: 'page-malformed',
    type: 'page-malformed',
    params: (random) => ({ how: random.pick(['value', 'label', 'type', 'quote'] as const) }),
    ...anybody,
  }),
  ofPods({
    name: 'page-cut-off',
    cause: 'page-cut-off',
    type: 'page-cut-off',
    params: (random) => ({ share: random.int(5, 95) / 100 }),
    ...anybody,
  }),
  ofPods({
    name: 'duplicate-series',
    cause: 'duplicate-series',
    type: 'duplicate-series',
    params: nothing,
    // Those of peers: nobody calls the load generator.
    ...among('services'),
  }),
];
