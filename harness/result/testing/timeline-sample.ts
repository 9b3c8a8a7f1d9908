import type { Timeline } from '../timeline/types.ts';

/** A run of ten seconds: web calls cart, whose one pod is killed on the way, and whose errors are counted wrongly at the end. */
export function sampleTimeline(): Timeline {
  const edge = { source: 'shop/web', destination: 'shop/cart' };
  return {
    apiVersion: 'meshproof/v1',
    kind: 'Timeline',
    scenario: 'checkout',
    originEpochMs: 1_767_323_045_000,
    fromMs: -1500,
    toMs: 12_400,
    trafficEndMs: 10_020,
    scrapeIntervalMs: 2000,
    pods: [
      {
        namespace: 'shop',
        pod: 'web-5d9f8-0x',
        workload: 'shop/web',
        scrapes: [-1500, 500, 2500, 4500, 6500, 8500, 10_500, 12_400].map((atMs) => ({ atMs, ok: true })),
        series: 412,
      },
      {
        namespace: 'shop',
        pod: 'cart-7c6b4-0x',
        workload: 'shop/cart',
        scrapes: [-700, 1300, 3300, 5300, 7300, 9300, 11_300].map((atMs) => ({ atMs, ok: atMs !== 5300 })),
        series: null,
      },
    ],
    bands: [
      { kind: 'fault', label: 'admin-dropped', fromMs: -1500, toMs: null },
      { kind: 'timeline', label: 'shop/cart: errors 30% 503', fromMs: 2000, toMs: 4000 },
      { kind: 'restart', label: 'shop/cart pod 0 is killed', fromMs: 5000, toMs: 6000 },
      { kind: 'rollout', label: 'control plane v2.366.0', fromMs: 7000, toMs: 7000 },
    ],
    flows: [
      {
        ...edge,
        direction: 'inbound',
        unit: 'responses',
        truth: {
          atMs: [-1500, 20, 2000, 4000, 5000, 6100, 10_010, 12_400],
          count: [0, 1, 100, 200, 250, 251, 446, 446],
          failures: [0, 0, 0, 30, 30, 30, 30, 30],
        },
        prometheus: {
          atMs: [-700, 1300, 3300, 7300, 9300, 11_300],
          count: [0, 65, 165, 225, 325, 361],
          failures: [0, 0, 20, 20, 20, 20],
          low: [0, 64, 164, 224, 324, 361],
          high: [0, 66, 166, 226, 326, 361],
        },
        proxy: { atMs: 12_350, count: 196, failures: 0 },
      },
      {
        ...edge,
        direction: 'outbound',
        unit: 'responses',
        truth: { atMs: [-1500, 20, 5000, 10_010, 12_400], count: [0, 1, 250, 446, 446], failures: [0, 0, 30, 30, 30] },
        prometheus: {
          atMs: [-1500, 500, 4500, 8500, 12_400],
          count: [0, 25, 225, 371, 450],
          failures: [0, 0, 30, 30, 34],
          low: [0, 24, 224, 370, 446],
          high: [0, 26, 226, 372, 446],
        },
        proxy: null,
      },
    ],
    latencies: [
      {
        ...edge,
        direction: 'inbound',
        edgesMs: [1, 5, 10, null],
        truth: [6, 400, 38, 2],
        observed: [6, 315, 38, 2],
        fine: { upToMs: [1.155, 1.334, 10.5, 12.1], count: [6, 200, 238, 2] },
      },
    ],
  };
}
