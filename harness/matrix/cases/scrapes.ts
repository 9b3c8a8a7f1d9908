import type { FaultCase } from '../types.ts';
import { fault, faultCase, ofControlPlane, ofEveryProxy, ofPods } from './draw.ts';

/**
 * Prometheus finds the target, but does not read what the proxy says, or not once. Of those that concern every proxy that has
 * a target, none is put into a world where another fault may have taken some targets away.
 */
export const SCRAPE_CASES: readonly FaultCase[] = [
  faultCase(
    'tls-to-plaintext-port',
    'tls-to-plaintext-port',
    ofEveryProxy('https-job', () => ({ job: 'linkerd-proxy' })),
    { alone: true },
  ),

  faultCase(
    'tls-to-control-plane',
    'tls-to-plaintext-port',
    ofControlPlane('https-job', () => ({ job: 'linkerd-controller' })),
  ),

  faultCase(
    'scrape-limit-samples',
    'scrape-limit-exceeded',
    ofEveryProxy('scrape-limits', (random) => ({ samples: random.int(10, 150) })),
    { alone: true },
  ),

  faultCase(
    'scrape-limit-labels',
    'scrape-limit-exceeded',
    ofEveryProxy('scrape-limits', (random) => ({ labels: random.int(4, 20) })),
    { alone: true },
  ),

  faultCase(
    'scrape-limit-body',
    'scrape-limit-exceeded',
    ofEveryProxy('scrape-limits', (random) => ({ bodyBytes: 1024 * random.int(1, 24) })),
    { alone: true },
  ),

  faultCase(
    'scraped-by-two-jobs',
    'scraped-by-two-jobs',
    ofEveryProxy('second-job', (random) => ({ name: random.pick(['kubernetes-pods', 'linkerd', random.word()]) })),
    { alone: true },
  ),

  faultCase(
    'address-reused',
    'address-reused',
    ofPods('address-reused', () => ({})),
  ),

  faultCase('prometheus-clock-off', 'prometheus-clock-off', (_scenario, random) => ({
    faults: [fault('prometheus-clock', { aheadMs: random.pick([-1, 1]) * random.int(5_000, 900_000) })],
    pods: { of: 'none' },
  })),
];
