import type { Cause } from '../types.ts';

export const QUANTILE_CAUSES: Cause[] = [
  {
    id: 'quantile-in-a-wide-bucket',
    title: 'The quantile is interpolated in a wide bucket',
    kind: 'reading',
    symptom:
      'A p95 or p99 stands near 200, 300 or 1000 ms whatever the service does, or moves in leaps; it never exceeds 50 s.',
    evidence: [
      'the buckets that the query sums: the quantile lies in one of them',
      'the truth lies in the same bucket',
    ],
    reason:
      "histogram_quantile() knows how many requests are in a bucket, not where in it, and takes them for spread evenly. response_latency_ms has edges at 1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, ... ms: from 50 ms on a bucket is as wide as a half or the whole of its lower edge, and the error can be as large. Above the last edge the answer is that edge, 50 s. The registry's histograms have four to seven edges in all.",
    remedy: [
      'Read a quantile as the bucket in which it lies.',
      'Ask for the share below an edge, which is exact: sum(rate(response_latency_ms_bucket{le="200.0", ...}[5m])) / sum(rate(response_latency_ms_bucket{le="+Inf", ...}[5m])).',
      'Put objectives on an edge: "99% below 200 ms", not "p99 below 150 ms".',
    ],
    looksLike: [
      { cause: 'latency-to-first-byte', toldApartBy: 'there the truth lies above the bucket' },
      { cause: 'irate-on-a-spiky-load', toldApartBy: 'there the buckets of the whole window say something else' },
      { cause: 'no-direction-filter', toldApartBy: 'there both directions are in the buckets' },
    ],
    question: 'Between which edges does the quantile lie, and does the truth lie there, too?',
  },
];
